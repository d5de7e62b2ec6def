"""The ablations: what each run trains, and the table of its scores."""

import pytest

from benchmarks import ablations


def row(variant, seed, score, architecture="glow"):
    return {
        **{"architecture": architecture, "variant": variant, "seed": str(seed)},
        **{"bits_per_dim": str(score), "parameters": "1200"},
    }


@pytest.mark.slow
def test_a_run_has_the_settings_of_its_variant(monkeypatch):
    small = {"model.scales": 1, "model.steps": 1, "model.width": 4, "train.steps": 2}
    monkeypatch.setitem(ablations.VARIANTS, "glow", {"fixed": {**small, "model.permutation": "reverse"}, "plu": small})
    fixed, learned = (ablations.measure("glow", variant, 3) for variant in ("fixed", "plu"))
    assert (fixed["steps"], fixed["seed"]) == (2, 3)
    assert 1 < fixed["bits_per_dim"] < 10
    assert fixed["parameters"] < learned["parameters"]


def test_table_has_means_of_seeds_the_best_last():
    rows = [row("affine couplings", 0, 2.0, "flowpp"), row("plu, affine", 0, 2.1), row("reverse, additive", 0, 3.0)]
    rows += [row("plu, affine", 1, 2.3), row("plu, affine", 0, 2.2)]  # a seed that ran again replaces its score
    lines = ablations.table(rows).splitlines()[2:]
    assert lines == [
        "| `glow` | reverse, additive | 3.000 | - | 1 | 1,200 |",
        "| `glow` | plu, affine | 2.250 | 0.071 | 2 | 1,200 |",
        "| `flowpp` | affine couplings | 2.000 | - | 1 | 1,200 |",
    ]


@pytest.mark.parametrize("architecture", ablations.VARIANTS)
def test_variants_differ_in_one_model_each(architecture):
    settings = [tuple(sorted(variant.items())) for variant in ablations.VARIANTS[architecture].values()]
    assert len(set(settings)) == len(settings)

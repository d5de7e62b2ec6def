"""`tools.missing`: what an architecture lacks outside its own file."""

import pytest

from tools.missing import main, missing
from zoo.registry import ARCHITECTURES


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_is_tested_documented_and_pretrained(name):
    assert not list(missing(name))


def test_a_new_architecture_lacks_all_that_is_not_generated(tmp_path):
    for folder in ("tests/zoo", "docs/images", "zoo"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "README.md").write_text("| `realnvp` | RealNVP |\n")
    (tmp_path / "docs/models.md").write_text("### realnvp\n")
    (tmp_path / "zoo/pretrained.csv").write_text("id,architecture\nrealnvp_digits,realnvp\n")
    assert [line.partition(":")[0] for line in missing("bnaf", tmp_path)] == [
        "tests/zoo/test_bnaf.py",
        "README.md",
        "docs/models.md",
        "zoo/pretrained.csv",
    ]
    assert [line.partition(":")[0] for line in missing("realnvp", tmp_path)] == [
        "tests/zoo/test_realnvp.py",
        "docs/images/realnvp_digits.png",
    ]


def test_an_unknown_name_is_refused():
    with pytest.raises(SystemExit, match=r"tools\.missing: Expected `name` to be one of .*Received: name='nope'"):
        main(["nope"])

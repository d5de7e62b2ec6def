"""Models of files, which are often sorted: every picture is of random rows, of all classes and all tables."""

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow_probability as tfp
from matplotlib.colors import to_hex
from PIL import Image

import zoo
from tests.datasets import tabling
from tests.generate.models import trained
from tfflows import corner, datasets, figures, generate, layers
from tfflows.columns import Column
from tfflows.datasets import attributes
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.generate import Trained, modes, outliers, reconstruct, tables
from tfflows.generate.trained import first_examples
from tfflows.models import Flow
from tfflows.networks import LipschitzNet
from tfflows.targets import Target


@pytest.fixture
def sorted_folder(tmp_path):
    """Images of three classes, each in its folder."""
    for label in range(3):
        for number in range(30):
            path = tmp_path / "images" / str(label) / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((4, 4), 80 * label + number, np.uint8)).save(path)
    return str(tmp_path / "images")


def test_examples_of_sorted_files_are_random(sorted_folder, tmp_path):
    data = datasets.load(sorted_folder, conditional=True)
    for split in ("train", "validation"):
        some = first_examples(data, 5, split, names=("x", "label"))
        assert len(set(some["label"])) > 1
        assert set(some["x"][:, 0, 0, 0] // 80) == set(some["label"])
    found = attributes.load_attributes(sorted_folder)
    assert np.stack(list(found.examples.take(12).map(lambda one: one["attributes"]))).any(axis=0).all()
    columns = {"a": np.arange(600) / 7, "b": np.random.default_rng(0).normal(size=600)}
    table = datasets.load(tabling.write(tmp_path / "sorted.csv", columns))
    assert np.ptp(first_examples(table, 50, "train")["x"][:, 0]) > 60


def test_corner_plot_shows_every_table():
    columns = (Column("a"), Column("b", "categorical", categories=("u", "v"), values=(0.0, 1.0)))
    rows = np.stack([np.linspace(0, 1, 20), np.arange(20) % 2], axis=1)
    figure = corner.corner(dict.fromkeys("pqr", rows), columns)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["p", "q", "r"]
    assert len({to_hex(handle.get_facecolor()) for handle in legend.get_patches()}) == 3


def test_another_table_of_a_class_conditional_model(tmp_path):
    columns = {**tabling.numbers(), "kind": np.array(["u", "v"] * 150)}
    path = tabling.write(tmp_path / "a.csv", columns)
    event = datasets.event(path, label="kind")
    keras.utils.set_random_seed(0)
    model = zoo.create("maf", event, flows=1, width=8, batch_norm=False)
    model.initialize(**tabling.rows(datasets.load(path, label="kind").train))
    one = Trained(model, "maf", path, {**datasets.options_of(path), "label": "kind"})
    other = tabling.write(tmp_path / "b.csv", {**tabling.numbers(80, seed=1), "kind": np.array(["v", "u"] * 40)})
    assert len(modes.density(one, other=other, limit=60).arrays[other]) == 60


def test_table_that_has_changed_since_the_training_is_refused(tmp_path):
    path = tabling.write(tmp_path / "a.csv", tabling.numbers())
    model = zoo.create("maf", datasets.event(path), flows=1, width=8, batch_norm=False)
    one = Trained(model, "maf", path, datasets.options_of(path))
    assert one.data.event == model.event
    tabling.write(tmp_path / "a.csv", {name: 2 * values for name, values in tabling.numbers().items()})
    rule = (
        r"the data that the model was trained on: its columns, scales or categories have changed\. Received: dataset="
    )
    with pytest.raises(InputError, match=rule):
        _ = Trained(model, "maf", path, datasets.options_of(path)).data


def test_another_table_may_be_in_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "CHUNK", 10)
    monkeypatch.setattr(tables, "MOST", 100)
    for number in range(30):
        tabling.write(tmp_path / f"{number}.csv", tabling.numbers(4, seed=number))
    event = datasets.from_arrays(tabling.numbers()).event
    assert tables.like(str(tmp_path), event, None, ",").train.size == 100


def test_label_is_refused_without_classes():
    with pytest.raises(InputError, match=r"Expected no `label`: .* Received: label=1"):
        modes.sample(trained("nice"), label=1)


def test_mask_in_colors_hides_gray_pixels():
    keep = np.zeros((4, 4, 3), bool)
    keep[:, :2, 1] = True
    found = modes.inpaint(trained("nice"), keep=keep, steps=2).arrays["images"][0]
    np.testing.assert_array_equal(found[2][:, :2], found[0][:, :2])
    assert np.any(found[1][:, 2:] != found[0][:, 2:])


def test_missing_values_have_no_reconstruction_error():
    columns = {"a": np.where(np.arange(90) % 5 == 0, np.nan, np.arange(90) / 7), "b": np.arange(90) / 9}
    data = datasets.from_arrays(columns, missing="mask", bounds="none")
    keras.utils.set_random_seed(0)
    model = zoo.create("maf", data.event, flows=1, width=8, batch_norm=False)
    x = tabling.rows(data.train)["x"]
    model.initialize(x)
    found = reconstruct(model, x)
    assert np.isnan(x).any()
    assert np.isfinite(found.error).all()
    assert np.all(found.error <= found.largest)


def test_deep_gray_images_keep_their_upper_bits(tmp_path):
    deep = (np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(figures.read(tmp_path / "deep.png"), (deep >> 8)[..., None])


def test_density_of_a_target_in_float32_is_drawn():
    target = Target("mine", Event((2,)), tfp.distributions.MultivariateNormalDiag([0.0, 1.0]).log_prob)
    assert figures.beside_density(np.zeros((4, 2)), target, points=5).ndim == 3


def test_density_estimates_in_blocks_are_those_of_all(monkeypatch):
    kernel = outliers.gaussian_kde(np.random.default_rng(0).normal(size=30))
    values = np.linspace(-3, 3, 25)
    whole = outliers._log_density(kernel, values)
    monkeypatch.setattr(outliers, "BLOCK", 7)
    np.testing.assert_allclose(outliers._log_density(kernel, values), whole)


def test_density_of_an_estimate_is_drawn_with_one_draw():
    flow = Flow(Event((2,)), [layers.Residual(LipschitzNet(width=8, sizes=(1, 1), lipschitz=0.5), log_det="estimate")])
    assert flow.score_kind == "estimate"
    assert np.isfinite(generate.density(flow, (-1.0, 1.0, -1.0, 1.0), points=4)).all()


def test_a_wrong_row_is_counted_from_the_start_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "CHUNK", 10)
    values = [*map(str, range(38)), "a", *map(str, range(12))]  # in the second part of the rows 30 to 39
    pq.write_table(pa.table({"x": values}), tmp_path / "t.parquet", row_group_size=4)
    event = Event((1,), columns=(Column("x"),))
    with pytest.raises(InputError, match=r"row=38, column='x', value='a'"):
        tables.like(str(tmp_path / "t.parquet"), event, None, ",")

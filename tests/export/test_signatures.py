"""One table of signatures, followed by the SavedModel, its checks, its warm-up requests, the client and the docs."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from tests.cases import EVENTS, Case, events, make
from tests.training import small_run
from tfflows import signatures
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.export import contents
from tfflows.servable import Servable
from tfflows.serving import client
from tools import marks
from tools.signatures import tables

X = np.zeros((3, 8, 8, 1), np.uint8)


@pytest.fixture
def weighted(monkeypatch):
    """A table with one more row, `weight`, on which a model is conditioned."""
    known = signatures.inputs

    def inputs(event, latent_shape):
        spec = tf.TensorSpec([None, 2], "float32", name="weight")
        row = signatures.Input(spec, "weight", "finite", tf.math.is_finite, lambda n: np.ones([n, 2], np.float32))
        return {**known(event, latent_shape), "weight": row}

    monkeypatch.setattr(signatures, "inputs", inputs)
    monkeypatch.setattr(signatures, "CONDITIONS", ("label", "weight"))


def test_a_new_input_is_one_row(weighted, tmp_path):
    model = small_run.initialized()
    model.condition = lambda weight: None  # takes it, and ignores it
    Servable(model).save(tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    good = {"x": tf.constant(X), "weight": tf.ones([3, 2])}
    assert loaded.signatures["log_prob"](**good)["log_prob"].shape == (3,)
    for bad, rule in {"nan": "each entry of `weight` to be finite", "shape": r"`weight` of shape \[batch, 2\]"}.items():
        weight = tf.fill([3, 2], np.nan) if bad == "nan" else tf.ones([3, 3])
        with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
            loaded.signatures["log_prob"](**{**good, "weight": weight})
    requests = contents.requests(loaded, model, {"x": X, "weight": np.ones([3, 2], np.float32)})
    assert len(requests) == 10
    assert all(set(inputs) == set(loaded.signatures[name].structured_input_signature[1]) for name, inputs in requests)
    assert "| `weight` | weight | float32 `[batch, 2]` | finite |" in signatures.input_table(model.event, (64,))


SHAPES = {"seed": ("DT_INT32", [-1, 2]), "temperature": ("DT_FLOAT", [-1]), "weight": ("DT_FLOAT", [-1, 2])}


class Transport:
    """Serves `sample` of a model with a condition named `weight`, and keeps what it receives."""

    def __init__(self):
        self.received = []

    def metadata(self):
        inputs = {
            name: {"dtype": dtype, "tensor_shape": {"dim": [{"size": size} for size in shape]}}
            for name, (dtype, shape) in SHAPES.items()
        }
        outputs = {"x": {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [{"size": -1}]}}}
        return {"sample": SignatureDef(inputs=inputs, outputs=outputs)}

    def predict(self, name, values, outputs):
        self.received.append(values)
        return {"x": np.zeros(len(values["seed"]), np.float32)}


def test_client_sends_conditions_by_name(monkeypatch):
    transport = Transport()
    monkeypatch.setattr(client, "connect", lambda *args: transport)
    served = client.Client("any:1", "model")
    assert served.sample(3, weight=[1.0, 2.0]).shape == (3,)
    np.testing.assert_array_equal(transport.received[0]["weight"], [[1.0, 2.0]] * 3)
    served.sample(2, weight=[[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(transport.received[1]["weight"], [[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(InputError, match=r"Expected one `weight`, or 3. Received: shape=\(2, 2\)."):
        served.sample(3, weight=np.ones([2, 2]))
    with pytest.raises(InputError, match="Expected a `weight` for each row"):
        served.sample(3)
    with pytest.raises(InputError, match="Expected no `weigth`: the served model does not take it"):
        served.sample(3, weight=[1.0, 2.0], weigth=1.0)


def test_outputs_are_those_of_the_table(tmp_path):
    Servable(small_run.initialized()).save(tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    for name, signature in signatures.SIGNATURES.items():
        assert set(loaded.signatures[name].structured_outputs) == set(signature.outputs)


def test_unconditional_models_take_no_label():
    of_points = signatures.inputs(Event((2,)), (2,))
    assert list(of_points) == ["x", "z", "seed", "temperature"]
    assert of_points["x"].spec.dtype == tf.float32


@pytest.mark.parametrize(("document", "table"), tables().items(), ids=lambda part: getattr(part, "name", ""))
def test_documentation_is_current(document, table, tmp_path):
    copy = tmp_path / "copy.md"
    copy.write_text(document.read_text())
    marks.renew(copy, "signatures", table)
    assert copy.read_text() == document.read_text(), "run `python -m tools.signatures`"
    marks.renew(copy, "signatures", "other\n")
    assert "other\n" in copy.read_text()


def test_a_document_without_marks_is_refused(tmp_path):
    (tmp_path / "a.md").write_text("<!-- scores -->\n")
    with pytest.raises(InputError, match="Expected the marks <!-- scores --> and <!-- /scores -->"):
        marks.renew(tmp_path / "a.md", "scores", "")
    assert (tmp_path / "a.md").read_text() == "<!-- scores -->\n"


def test_served_log_likelihoods_have_the_importance_samples_of_the_export():
    case = Case("nice", EVENTS["image"])
    model, x = make(case), events(case, 4)[0]
    served = Servable(model, num_importance_samples=3).log_prob(tf.constant(x), None)["log_prob"]
    np.testing.assert_allclose(served, model.log_prob(x, seed=0, num_importance_samples=3), rtol=1e-5)
    assert np.abs(served - model.log_prob(x, seed=0)).max() > 1e-3

"""A slimmed graph is smaller, and computes the same."""

import shutil

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from tests.export.session import Session
from tfflows.export.slimming import slim

X = tf.TensorSpec([None, 3], tf.float32, name="x")


class Module(tf.Module):
    """What graphs of models have: variables, loops, branches, operations that wait for others, places and errors."""

    def __init__(self):
        super().__init__()
        with tf.name_scope("a_long_name_of_a_scope_that_each_operation_repeats"):
            self.weight = tf.Variable(tf.eye(3) * 2)
        self.calls = tf.Variable(0)

    @tf.function(input_signature=[X])
    def run(self, x):
        with tf.name_scope("a_long_name_of_a_scope_that_each_operation_repeats"):
            self.calls.assign_add(1)
            check = tf.debugging.Assert(tf.reduce_all(x < 100), ["Expected less than 100."])
            near = tf.identity(x)
            with tf.control_dependencies([check]), tf.compat.v1.colocate_with(near):
                y = near @ self.weight
            y = tf.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, y + tf.reduce_sum(self.weight)), (0, y))[1]
            return {"y": tf.cond(tf.reduce_sum(y) > 0, lambda: y, lambda: -y), "calls": self.calls.read_value()}


@pytest.fixture
def folders(tmp_path):
    module = Module()
    tf.saved_model.save(module, str(tmp_path / "plain"), signatures=module.run)
    shutil.copytree(tmp_path / "plain", tmp_path / "slim")
    slim(tmp_path / "slim")
    return tmp_path / "plain", tmp_path / "slim"


def graph(folder):
    return SavedModel.FromString((folder / "saved_model.pb").read_bytes()).meta_graphs[0]


def test_results_are_the_same(folders):
    plain, slimmed = (tf.saved_model.load(str(folder)) for folder in folders)
    for x in (np.ones([2, 3], np.float32), -np.ones([5, 3], np.float32)):
        found, expected = (loaded.signatures["serving_default"](x=tf.constant(x)) for loaded in (slimmed, plain))
        assert set(found) == set(expected)
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name])
    assert int(found["calls"]) == 2
    assert slimmed.weight.name == plain.weight.name


def test_session_of_tf_serving_runs_it(folders):
    x = np.ones([2, 3], np.float32)
    found, expected = (Session(folder).run("serving_default", x=x) for folder in reversed(folders))
    np.testing.assert_array_equal(found["y"], expected["y"])


def test_errors_keep_their_text(folders):
    loaded = tf.saved_model.load(str(folders[1]))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Expected less than 100\."):
        loaded.signatures["serving_default"](x=tf.fill([1, 3], 200.0))


def test_names_and_shapes_of_operations_are_gone(folders):
    plain, slimmed = map(graph, folders)
    assert slimmed.graph_def.library.ByteSize() < 0.7 * plain.graph_def.library.ByteSize()
    for function in slimmed.graph_def.library.function:
        assert all(node.name == f"{node.op}_{number}" for number, node in enumerate(function.node_def))
        assert all("_output_shapes" not in node.attr for node in function.node_def)
        assert all(b"a_long_name" not in place for node in function.node_def for place in node.attr["_class"].list.s)
    inner = [one for one in slimmed.graph_def.library.function if "while" in one.signature.name]
    assert len(inner) == 2
    for function in inner:
        names = [argument.name for argument in function.signature.input_arg]
        assert names == [f"in_{number}" for number in range(len(names))]
        assert "a_long_name" not in str(function.signature).replace(function.signature.name, "")
    assert slimmed.signature_def == plain.signature_def
    assert slimmed.object_graph_def == plain.object_graph_def


def test_fingerprint_is_that_of_the_new_graph(folders):
    plain, slimmed = (tf.saved_model.experimental.read_fingerprint(str(folder)) for folder in folders)
    assert slimmed.saved_model_checksum != plain.saved_model_checksum
    assert slimmed.signature_def_hash == plain.signature_def_hash


def test_slimming_twice_changes_nothing(folders):
    before = (folders[1] / "saved_model.pb").read_bytes()
    slim(folders[1])
    assert (folders[1] / "saved_model.pb").read_bytes() == before

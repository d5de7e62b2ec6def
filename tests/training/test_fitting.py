"""What a run leaves behind, and how it ends."""

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import zoo
from tests.command_line import train
from tests.training.small_run import fit, initialized, model
from tfflows import datasets, training
from tfflows.errors import InputError, TrainingError
from tfflows.training import evaluation
from tfflows.training.validation import Validation


@pytest.mark.slow
def test_run_leaves_weights_logs_pictures_and_two_checkpoints(tmp_path):
    fitted = fit(tmp_path)
    assert fitted.steps == 6
    assert fitted.seconds > 0
    assert fitted.weights.exists()
    assert len(list((tmp_path / "checkpoints").glob("*.index"))) == 2
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["step-000000004.png"]
    assert list((tmp_path / "tensorboard").rglob("events*"))


@pytest.mark.slow
def test_finished_run_is_not_trained_again_and_can_be_made_longer(tmp_path):
    first, again, longer = fit(tmp_path), fit(tmp_path), fit(tmp_path, steps=9)
    assert (again.steps, again.seconds) == (first.steps, first.seconds)
    assert longer.steps == 9
    assert longer.seconds > first.seconds


@pytest.mark.slow
def test_longer_run_ends_at_its_last_step(tmp_path):
    settings = {"steps_per_execution": 4, "validate_every": 4}
    assert fit(tmp_path, steps=7, **settings).steps == 7
    assert fit(tmp_path, steps=12, **settings).steps == 12


@pytest.mark.slow
def test_run_whose_validations_are_not_finite_says_so_again(tmp_path, monkeypatch):
    monkeypatch.setattr(Validation, "_mean", lambda self, nats, weights: -np.inf)
    for _ in range(2):
        with pytest.raises(TrainingError, match=r"finite log-likelihood in one round at least.*another --workdir"):
            fit(tmp_path)


@pytest.mark.slow
def test_patience_ends_a_run_that_gets_no_better(tmp_path):
    # With such a small learning rate the score changes only by chance, so one of the first validations is the best.
    fitted = fit(tmp_path, steps=60, learning_rate=1e-12, patience=2, ema=0.0)
    assert fitted.steps < 60
    assert fit(tmp_path, steps=60, learning_rate=1e-12, patience=2, ema=0.0).steps == fitted.steps


@pytest.mark.slow
def test_loss_that_is_not_finite_ends_the_run_and_says_where(tmp_path):
    with pytest.raises(
        TrainingError, match=r"Expected a finite loss\. Received: loss=(nan|inf) at step \d+\..*--learning"
    ):
        fit(tmp_path, name="realnvp", steps=40, learning_rate=1e6, clip_norm=None, warmup_steps=0)


def test_batch_that_the_data_cannot_fill_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"`batch_size` to be at most the 1297 events .*Received: batch_size=2000"):
        fit(tmp_path, batch_size=2000)


@pytest.mark.slow
def test_a_run_is_not_made_shorter_than_it_is(tmp_path):
    fit(tmp_path, steps=4)
    training.check_not_shorter(tmp_path, 4)
    training.check_not_shorter(tmp_path / "new", 1)
    with pytest.raises(InputError, match=r"the number of steps already taken in the workdir.*steps=3, made=4"):
        training.check_not_shorter(tmp_path, 3)


def test_batch_that_the_replicas_do_not_divide_is_refused():
    with pytest.raises(InputError, match=r"`batch_size` to be a multiple of the 3 replicas\. Received: batch_size=32"):
        training.TrainSettings(batch_size=32).schedule_of(1000, replicas=3)


def test_xla_on_several_replicas_is_refused():
    with pytest.raises(InputError, match=r"jit_compile=False on several replicas.*jit_compile=True, replicas=2"):
        training.TrainSettings(batch_size=32, jit_compile=True).schedule_of(1000, replicas=2)


@pytest.mark.slow
def test_all_checkpoints_broken_is_said_and_nothing_is_overwritten(tmp_path):
    fit(tmp_path, steps=4)
    for path in (tmp_path / "checkpoints").glob("*.data*"):
        path.write_bytes(b"")
    with pytest.raises(InputError, match=r"a complete checkpoint.*--workdir"):
        fit(tmp_path, steps=6)


@pytest.mark.slow
def test_class_conditional_run_takes_labels_all_the_way(tmp_path):
    fitted = fit(tmp_path, conditional=True)
    best = model(conditional=True)
    best.load_weights(fitted.weights)
    scores = training.evaluate(best, datasets.load("digits", conditional=True).test)
    assert scores["num_events"] == 300
    assert np.isfinite(scores["nats"])


@pytest.mark.slow
def test_mixed_precision_is_for_networks_only():
    x = next(datasets.load("digits").test.examples.batch(16).as_numpy_iterator())["x"]
    full = initialized("realnvp")
    for variable in full.trainable_variables:
        variable.assign(variable.numpy() + 0.05)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = model("realnvp")
    finally:
        keras.config.set_dtype_policy("float32")
    mixed.set_weights(full.get_weights())
    coupling = next(layer for layer in mixed.flow.flow_layers if hasattr(layer, "network"))
    assert (coupling.compute_dtype, coupling.network.compute_dtype) == ("float32", "bfloat16")
    assert coupling.network.first.direction.dtype == "float32"
    scores = mixed.log_prob(x).numpy()
    assert scores.dtype == np.float32
    assert np.any(scores != full.log_prob(x).numpy())
    np.testing.assert_allclose(scores, full.log_prob(x), rtol=2e-2)
    np.testing.assert_array_equal(mixed.decode(mixed.encode(x)), x)


def pictures_in(workdir):
    """The names of the pictures that TensorBoard shows."""
    board = EventAccumulator(str(workdir / "tensorboard" / "samples"), size_guidance={"tensors": 0}).Reload()
    return set(board.Tags()["tensors"])


@pytest.mark.parametrize(
    ("dataset", "names"),
    [("digits", {"samples", "temperatures", "interpolation"}), ("toy/rings", {"samples", "density"})],
)
def test_tensorboard_shows_what_the_model_makes_of_latents(dataset, names, tmp_path):
    data = datasets.load(dataset)
    flow = zoo.create("nice", data.event, couplings=2, width=8, depth=1)
    settings = training.TrainSettings(steps=2, batch_size=16, validate_every=2, sample_every=1)
    training.fit(flow, data, settings, seed=0, workdir=tmp_path)
    assert pictures_in(tmp_path) == names


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """The policies of the models that `train.py --mixed_precision` builds, and the sizes of the batches it scores."""
    folder, policies, sizes = tmp_path_factory.mktemp("mixed"), [], []
    build, batches = zoo.build, evaluation.padded_batches

    def built(*arguments, **settings):
        model = build(*arguments, **settings)
        (policy,) = {part.dtype_policy.name for part in model._flatten_layers() if isinstance(part, keras.layers.Dense)}
        policies.append(policy)
        return model

    def padded(split, *, batch_size):
        sizes.append(batch_size)
        return batches(split, batch_size=batch_size)

    flags = ["--model=nice", "--dataset=toy/rings", "--steps=2", "--batch_size=16", "--mixed_precision"]
    flags += ["--set=model.couplings=2", "--set=model.depth=1", "--set=train.eval_batch_size=100"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zoo, "build", built)
        patch.setattr(evaluation, "padded_batches", padded)
        train(*flags, f"--workdir={folder}/run", f"--export_dir={folder}/exported")
    return policies, sizes


@pytest.mark.slow
def test_networks_train_in_bfloat16_and_scores_are_those_of_float32(mixed):
    policies, _ = mixed
    assert policies == ["mixed_bfloat16", "float32", "float32"]
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.slow
def test_validation_and_test_set_are_scored_in_batches_of_the_size_that_is_set(mixed):
    _, sizes = mixed
    assert sizes == [100, 100]

"""Where a model trains: on one device, all devices of this machine, several machines, or a TPU."""

import contextlib
import json
import os

import tensorflow as tf

from tfflows.errors import InputError, check, check_choice

STRATEGIES = ("none", "mirrored", "multi_worker", "tpu")


def create(name: str, *, tpu: str = "") -> tf.distribute.Strategy:
    """The `tf.distribute` strategy of that name; call it before any other TensorFlow operation.

    Args:
        name: `"none"` for one device, `"mirrored"` for all GPUs of this machine (or its virtual CPUs, where it has
            several), `"multi_worker"` for the workers that `TF_CONFIG` lists, `"tpu"` for the TPU named by `tpu`.
        tpu: Name or address of the TPU; `"local"` on a TPU virtual machine.

    Raises:
        InputError: The name is unknown, or the hardware is not available.
    """
    check_choice("--strategy", name, STRATEGIES)
    check(name == "tpu" or not tpu, "Expected --tpu only with --strategy=tpu.", strategy=name, tpu=tpu)
    if name == "mirrored":
        return _mirrored()
    if name == "multi_worker":
        return _multi_worker()
    return _tpu(tpu) if name == "tpu" else tf.distribute.get_strategy()


def _mirrored():
    gpus, cpus = tf.config.list_logical_devices("GPU"), tf.config.list_logical_devices("CPU")
    rule = "Expected --strategy=mirrored to find a GPU: use --strategy=none, or install the extra `gpu`."
    check(bool(gpus) or len(cpus) > 1, rule, gpus=len(gpus))
    return tf.distribute.MirroredStrategy([device.name for device in gpus or cpus])


def _multi_worker():
    rule = (
        "Expected --strategy=multi_worker to find the environment variable TF_CONFIG, which lists the workers: "
        '{"cluster": {"worker": [addresses]}, "task": {"type": "worker", "index": index of this one}}.'
    )
    text = os.environ.get("TF_CONFIG")
    check(_lists_workers(text), rule, TF_CONFIG=text)
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except ValueError as error:  # such as an index that the cluster does not have
        raise InputError(f"{rule} Received: TF_CONFIG={text!r} ({str(error).splitlines()[0]}).") from error


def _lists_workers(text: str | None) -> bool:
    """Whether TensorFlow finds a cluster in the text; without one, each machine would train alone."""
    try:
        found = json.loads(text or "{}")
        return bool(found["cluster"]) and {"type", "index"} <= set(found["task"])
    except (ValueError, TypeError, KeyError):
        return False


def _tpu(tpu):
    rule = "Expected --strategy=tpu to find a TPU: name it by --tpu, or 'local' on a TPU virtual machine."
    check(bool(tpu), rule, tpu=tpu)
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except Exception as error:  # whatever the resolver's clients raise
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{rule} Received: tpu={tpu!r} ({cause}).") from error
    return tf.distribute.TPUStrategy(resolver)


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    return resolver.task_type == "chief" or (
        resolver.task_type == "worker" and resolver.task_id == 0 and "chief" not in resolver.cluster_spec().jobs
    )


def barrier(strategy: tf.distribute.Strategy) -> None:
    """Returns when every process has reached it, so that all can read what the chief wrote before."""
    if strategy.num_replicas_in_sync == 1:
        return

    @tf.function
    def meet():
        return strategy.run(lambda: tf.distribute.get_replica_context().all_reduce("SUM", tf.ones([])))

    meet()


def scope(strategy: tf.distribute.Strategy) -> contextlib.AbstractContextManager:
    """The strategy's scope; no scope for the default strategy, which Keras would take for a distributed one."""
    return contextlib.nullcontext() if strategy is tf.distribute.get_strategy() else strategy.scope()

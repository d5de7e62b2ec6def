"""Set-up of all tests: one temporary folder, and two virtual processors, so that two replicas run on any machine."""

import gc
import os

# Before TensorFlow is imported. The models of the tests are so small that more threads would only wait for each other.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

from tests import temporary

temporary.use_own_folder()


def pytest_configure(config):
    if getattr(config.option, "numprocesses", None):
        return  # the process that starts the workers runs no test, and does without TensorFlow

    import tensorflow as tf

    # Graphs are made of many small objects. Fewer collections, and none of the imported modules, save a tenth of the
    # time.
    gc.freeze()
    gc.set_threshold(50_000)

    cpus = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpus[0], [tf.config.LogicalDeviceConfiguration()] * 2)

"""Set-up of all tests: one temporary folder, and two virtual processors, so that two replicas run on any machine."""

import gc
import os

# Before TensorFlow is imported. The models of the tests are so small that more threads would only wait for each other.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import tensorflow as tf

from tests import temporary

temporary.use_own_folder()

# Graphs are made of many small objects. Fewer collections, and none of the imported modules, save a tenth of the time.
gc.freeze()
gc.set_threshold(50_000)

CPUS = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(CPUS[0], [tf.config.LogicalDeviceConfiguration()] * 2)

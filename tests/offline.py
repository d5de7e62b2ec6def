"""A machine without a network, on which nothing is downloaded."""

import socket
import urllib.request

import pytest
import tensorflow_datasets as tfds


def disconnect(patch: pytest.MonkeyPatch) -> None:
    """Refuses every connection, and fails the test if TFDS starts a download."""

    def refuse(*args):
        raise OSError("no route to host")

    def too_far(self):
        raise AssertionError("tried to download without a network")

    patch.setattr(socket, "create_connection", refuse)
    patch.setattr(urllib.request, "getproxies", dict)
    patch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", too_far)

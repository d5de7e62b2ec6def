"""One temporary folder for all processes of a test run, removed at its end."""

import atexit
import os
import shutil
import tempfile

PREFIX = "tfflows-tests-"


def use_own_folder() -> None:
    """Makes a new folder the temporary one, for this process and for those that it starts.

    TensorFlow leaves AutoGraph's files behind when a process ends early, and killed runs leave theirs. To keep the
    folders of tests, run pytest with `--basetemp`.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        return  # a worker inherits the folder of the process that started it
    folder = os.environ["TMPDIR"] = tempfile.tempdir = tempfile.mkdtemp(prefix=PREFIX)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

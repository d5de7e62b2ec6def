"""A quiet start: hides TensorFlow's startup messages, which are meant for its own developers."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

LEVEL = "TF_CPP_MIN_LOG_LEVEL"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Imports of TensorFlow in this block print nothing; afterwards it prints only fatal errors.

    While TensorFlow loads, it writes to standard error whatever `TF_CPP_MIN_LOG_LEVEL` says, so the file descriptor
    itself is redirected. `TF_CPP_MIN_LOG_LEVEL=0` shows everything, and so does an import that fails.
    """
    os.environ.setdefault(LEVEL, "3")
    if os.environ[LEVEL] == "0":
        yield
        return
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as notes:
        os.dup2(notes.fileno(), 2)
        try:
            yield
        except BaseException:
            notes.seek(0)
            os.write(stderr, notes.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)

"""What the commands share: a quiet start, help under any name, and one line for what a user can fix."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator

from absl import app, flags, logging

from tfflows.errors import InputError, TrainingError

LEVEL = "TF_CPP_MIN_LOG_LEVEL"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Imports of TensorFlow in this block print nothing; afterwards it prints its fatal errors alone.

    While TensorFlow is loaded it writes to the standard error whatever `TF_CPP_MIN_LOG_LEVEL` says, so the file
    descriptor itself is redirected. `TF_CPP_MIN_LOG_LEVEL=0` shows everything, and so does an import that fails.
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


def start(main: Callable[[list[str]], None], *, name: str, module: str, document: str) -> None:
    """Runs `main` on the flags of the command line, and ends with one line if a user can fix what is wrong.

    Args:
        main: Takes the arguments that are left after the flags, the first of which is the program.
        name: Name of the command, for its errors.
        module: `__name__` of the module that defines the flags.
        document: The text above the flags in `--help`.
    """
    for flag in flags.FLAGS.get_key_flags_for_module(module):  # installed as a script, they are another module's
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    sys.modules["__main__"].__doc__ = document
    app.run(lambda argv: run(main, argv, name=name))


def run(main: Callable[[list[str]], None], argv: list[str], *, name: str) -> None:
    """`main(argv)`; an error that a user can fix exits with one line, every other keeps its traceback."""
    logging.set_verbosity(logging.WARNING)
    try:
        main(argv)
    except (InputError, TrainingError) as error:
        sys.exit(f"{name}: {error}")

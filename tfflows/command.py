"""What the commands share: a quiet start, help under any name, and one-line messages for errors that a user can fix."""

import sys
from collections.abc import Callable

from absl import app, flags, logging

from tfflows.errors import InputError, TrainingError
from tfflows.quiet import LEVEL as LEVEL
from tfflows.quiet import quiet as quiet


def start(main: Callable[[list[str]], None], *, name: str, module: str, document: str) -> None:
    """Runs `main` with the flags of the command line; an error that a user can fix is printed as one line.

    Args:
        main: Function of the arguments that remain after the flags, the first of which is the program.
        name: Name of the command, for its errors.
        module: `__name__` of the module that defines the flags.
        document: The text above the flags in `--help`.
    """
    for flag in flags.FLAGS.get_key_flags_for_module(module):  # in an installed script, they are another module's
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    sys.modules["__main__"].__doc__ = document
    app.run(lambda argv: run(main, argv, name=name))


def run(main: Callable[[list[str]], None], argv: list[str], *, name: str) -> None:
    """Runs `main(argv)`; an error that a user can fix exits with one line, any other keeps its traceback."""
    logging.set_verbosity(logging.WARNING)
    try:
        main(argv)
    except (InputError, TrainingError) as error:
        sys.exit(f"{name}: {error}")

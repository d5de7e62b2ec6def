"""The former name of `python -m tfflows.scoring`."""

from tfflows.scoring.__main__ import cli

if __name__ == "__main__":
    cli()

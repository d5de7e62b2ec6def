"""Scripts of the maintainers, run from the root of a clone as `python -m tools.publish`; they are not installed."""

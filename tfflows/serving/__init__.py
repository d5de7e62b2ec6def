"""Serving: a client of TF Serving, and a server that stands in for it on a laptop and in tests."""

from tfflows.serving.client import Client as Client
from tfflows.serving.status import ServingError as ServingError

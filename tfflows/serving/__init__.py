"""A client of TF Serving, over gRPC and REST."""

from tfflows.serving.client import Client as Client
from tfflows.serving.status import ServingError as ServingError

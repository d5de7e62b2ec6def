"""Server-side batching: requests that arrive together are computed together, padded to an allowed number of rows."""

import dataclasses
import os
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2
from google.protobuf.message import Message

from tfflows.errors import check
from tools.emulator import textproto


@dataclasses.dataclass(frozen=True)
class Batching:
    """TF Serving's batching parameters, with its defaults.

    Args:
        max_batch_size: Maximum number of rows in a batch; a larger request is refused.
        batch_timeout_micros: How long a request waits for others, microseconds.
        max_enqueued_batches: Maximum number of waiting batches; a request beyond them is UNAVAILABLE.
        num_batch_threads: Number of batches that are computed at a time.
        allowed_batch_sizes: Numbers of rows that a batch is padded to, ascending to `max_batch_size`; if empty, a batch
            is not padded.

    Raises:
        InputError: A number is not positive; the sizes do not ascend to `max_batch_size`.
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = os.cpu_count() or 1
    allowed_batch_sizes: tuple[int, ...] = ()

    def __post_init__(self):
        for name in ("max_batch_size", "max_enqueued_batches", "num_batch_threads"):
            check(getattr(self, name) >= 1, f"Expected `{name}` to be 1 or more.", **{name: getattr(self, name)})
        check(
            self.batch_timeout_micros >= 0,
            "Expected `batch_timeout_micros` to be 0 or more.",
            batch_timeout_micros=self.batch_timeout_micros,
        )
        sizes = self.allowed_batch_sizes
        check(
            not sizes or (sizes[0] >= 1 and sorted(set(sizes)) == list(sizes) and sizes[-1] == self.max_batch_size),
            f"Expected `allowed_batch_sizes` to ascend to max_batch_size={self.max_batch_size}.",
            allowed_batch_sizes=sizes,
        )


def read(path: str | Path) -> Batching:
    """Reads the parameters from a file for TF Serving's `--batching_parameters_file`.

    Raises:
        InputError: The file cannot be read, or a number in it is wrong.
    """
    message = textproto.read(path, _message_type())
    given = {field.name: value for field, value in message.ListFields()}
    sizes = tuple(given.pop("allowed_batch_sizes", ()))
    return Batching(allowed_batch_sizes=sizes, **{name: wrapper.value for name, wrapper in given.items()})


def _message_type() -> type[Message]:
    """TF Serving's BatchingParameters: a wrapped int64 for each number. Its Python package leaves this message out."""
    file = descriptor_pb2.FileDescriptorProto(name="batching.proto", package="tools.emulator", syntax="proto3")
    file.dependency.append(wrappers_pb2.DESCRIPTOR.name)
    message = file.message_type.add(name="BatchingParameters")
    kinds = descriptor_pb2.FieldDescriptorProto
    for number, field in enumerate(dataclasses.fields(Batching), start=1):
        if field.name == "allowed_batch_sizes":
            message.field.add(name=field.name, number=number, type=kinds.TYPE_INT64, label=kinds.LABEL_REPEATED)
        else:
            wrapper = f".{wrappers_pb2.Int64Value.DESCRIPTOR.full_name}"
            message.field.add(name=field.name, number=number, type=kinds.TYPE_MESSAGE, type_name=wrapper)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{file.package}.{message.name}"))

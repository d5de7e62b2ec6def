"""The strategies by name, where the machine can tell: TF_CONFIG, which lists the workers."""

import json

import pytest

from tfflows.errors import InputError
from tfflows.training import strategies

CLUSTER, FIRST = {"worker": ["localhost:1"]}, {"type": "worker", "index": 0}


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"clusters": CLUSTER, "task": FIRST},
        {"cluster": {}, "task": FIRST},
        {"cluster": CLUSTER},
        {"cluster": CLUSTER, "task": {"type": "worker"}},
        {"cluster": CLUSTER, "task": {**FIRST, "index": 1}},
        [],
        "not JSON",
    ],
    ids=str,
)
def test_a_text_without_workers_is_refused_as_each_machine_would_train_alone(found, monkeypatch):
    text = found if isinstance(found, str) else json.dumps(found)
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError, match=r"TF_CONFIG, which lists the workers.*Received: TF_CONFIG="):
        strategies.create("multi_worker")

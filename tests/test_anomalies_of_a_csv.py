"""The example of wrong rows: a model that the command trains flags them and few others, from a file and on a server."""

import numpy as np
import pytest
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig

from examples import anomalies_of_a_csv as example
from tools.emulator.server import Emulator


@pytest.mark.slow
def test_wrong_rows_are_flagged_and_few_others(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["anomalies_of_a_csv.py", f"--folder={tmp_path}", "--steps=300"])
    example.main()
    printed = capsys.readouterr().out
    rows = [line.split() for line in printed.splitlines() if line.startswith("row ")]
    found = {int(row): float(value) for _, row, value, *_ in rows}
    wrong = set(range(500, 500 + len(example.WRONG)))
    assert wrong <= set(found)
    assert len(found) - len(wrong) <= 15  # 5 are expected of 500
    config = ModelConfig(name="pumps", base_path=str(tmp_path / "exported/pumps"))
    with Emulator([config]) as server:
        monkeypatch.setattr("sys.argv", ["anomalies_of_a_csv.py", f"--server={server.address}"])
        example.main()
    answers = [float(line.split()[0]) for line in capsys.readouterr().out.splitlines() if " nats " in line]
    np.testing.assert_allclose(answers, [found[row] for row in sorted(wrong)], atol=0.02)


@pytest.mark.parametrize("column", range(1, len(example.NAMES)))
def test_no_value_alone_is_out_of_the_ordinary(column):
    past = np.array([row[column] for row in example.log(5000, seed=0)])
    low, high = np.quantile(past, [0.01, 0.99])
    assert all(low < row[column] < high for row in example.WRONG)

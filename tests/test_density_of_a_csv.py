"""The example of a CSV: it trains on a table with columns of four kinds, scores and draws it."""

import numpy as np
import pytest
from PIL import Image

from examples import density_of_a_csv as example


@pytest.mark.slow
def test_file_is_learned_scored_and_drawn(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["density_of_a_csv.py", f"--folder={tmp_path}", "--rows=2000", "--steps=300"])
    example.main()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.endswith((" rows", " nats"))]
    test, *rides = lines
    mean, error = float(test.split()[2]), float(test.split()[4])
    assert test.endswith("of 200 rows")
    assert abs(mean - entropy()) < 0.25 + 3 * error
    before_school, at_noon = (float(line.split()[-2]) for line in rides)
    assert before_school > at_noon + 3
    assert np.std(np.asarray(Image.open(tmp_path / "corner.png"))) > 0


def entropy(rows: int = 100_000) -> float:
    """Mean log-density of rows by the formulas that draw them; the ends of the day hardly matter more than once."""
    detour, price, kind, hour = (np.array(column) for column in zip(*example.rides(rows, seed=1), strict=True))
    total = np.zeros(rows)
    parts = {"business": (0.3, 9.0, 2.0, 3.0), "private": (0.5, 23.0, 2.5, 2.5), "school": (0.2, 7.5, 0.3, 1.5)}
    for name, (share, middle, width, level) in parts.items():
        turns = np.array([-24.0, 0.0, 24.0])[:, None]
        of_hour = np.exp(normal(hour + turns, middle, width)).sum(0)
        of_price = normal(np.log(price), level + 0.3 * detour, 0.3) - np.log(price)
        total = np.where(kind == name, np.log(share) + np.log(of_hour + 1e-300) + of_price, total)
    return float(np.mean(total + normal(detour, 0.0, 1.0)))


def normal(x, mean, deviation):
    return -0.5 * ((x - mean) / deviation) ** 2 - np.log(deviation * np.sqrt(2 * np.pi))

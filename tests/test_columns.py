"""What is said about the columns of a table."""

import pytest

from tfflows.columns import Column, described
from tfflows.events import Event
from tfflows.export.card import model_card

WORDS = {
    "real numbers": Column("a"),
    "real numbers greater than 0, may be missing": Column("a", low=0, missing=True),
    "real numbers less than 1": Column("a", high=1),
    "real numbers between 0 and 1": Column("a", low=0, high=1),
    "integers, often 0": Column("a", step=1, atom=0),
    "multiples of 0.25": Column("a", step=0.25),
    "circular, from 0 to 24": Column("a", "circular", low=0, high=24),
    "2 categories: 'x', 'y'": Column("a", "categorical", ("x", "y")),
    "6 categories: 'p', 'q', 'r', 's', 't', ...": Column("a", "categorical", tuple("pqrstu")),
    "always 'x'": Column("a", "categorical", ("x",)),
}


@pytest.mark.parametrize("words", WORDS)
def test_a_column_is_described_by_its_values(words):
    assert described([WORDS[words]]) == [f"a: {words}"]
    assert described([], [WORDS[words]]) == [f"a (context): {words}"]


def test_classes_are_listed_after_the_columns():
    assert described([Column("a")], labels=("x", "y")) == ["a: real numbers", "label (condition): 2 classes: 'x', 'y'"]
    assert described([], labels=tuple("pqrstu")) == ["label (condition): 6 classes: 'p', 'q', 'r', 's', 't', ..."]


def test_model_card_names_the_classes():
    metrics = {"nats": -1.0, "nats_se": 0.1, "kind": "exact", "num_events": 10, "parameters": 5}
    event = Event((4, 4, 1), levels=8, classes=2, labels=("cat", "dog"))
    card = model_card("name", {"architecture": "glow", "dataset": "pets", "event": event.to_dict()}, metrics)
    assert "with one of 2 labels: 'cat', 'dog'" in card


def test_long_tables_are_cut_short():
    columns = [Column(f"x{place}") for place in range(5)]
    assert described(columns, most=3) == [*described(columns)[:3], "... and 2 more columns"]
    assert described(columns, most=5) == described(columns)


def test_model_card_lists_the_columns_of_a_table_and_of_nothing_else():
    event = Event((1,), columns=(Column("a"),), context=1, context_columns=(Column("b", low=0),))
    metrics = {"nats": -1.0, "nats_se": 0.1, "kind": "exact", "num_events": 10, "parameters": 5}
    config = {"architecture": "maf", "dataset": "table.csv", "event": event.to_dict()}
    assert "\n## Columns\n\n- a: real numbers\n- b (context): real" in model_card("name", config, metrics)
    assert "## Columns" not in model_card("name", {**config, "event": Event((1,)).to_dict()}, metrics)

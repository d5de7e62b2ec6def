"""What benchmarks of training measure, on small models and without timing."""

import numpy as np
import tensorflow as tf

import zoo
from benchmarks import ceiling, objectives
from tfflows.events import Event


def test_operations_of_a_step_are_those_of_its_products():
    model = zoo.create("nice", Event((4,)), couplings=1, width=3, depth=1)
    model.initialize(np.zeros((8, 4)))
    model.compile("adam")
    model.optimizer.build(model.trainable_variables)
    # [8, 2] by [2, 3] and [8, 3] by [3, 2], and the gradients of both factors.
    assert ceiling.operations(ceiling.graph_of(model, {"x": tf.zeros([8, 4])})) == 6 * 2 * 8 * 2 * 3


def row(toy, seconds, nats):
    return {"toy": toy, "objective": "likelihood", "seconds": seconds, "steps": 50, "nats": nats, "truth_nats": -2.0}


def test_objectives_are_compared_after_the_times_that_all_have():
    rows = [row("rings", 5, -3.0), row("rings", 20, -2.5), row("moons", 15, -2.4), row("moons", 20, -2.2)]
    assert objectives.table(rows).splitlines() == [
        "| toy | objective | 20 s | steps per s |",
        "|---|---|---|---|",
        "| rings | likelihood | -0.500 | 2 |",
        "| moons | likelihood | -0.200 | 2 |",
    ]

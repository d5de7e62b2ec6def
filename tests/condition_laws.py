"""Laws of what a model is conditioned on: a label and a context, of which a distribution of TFP makes its batch."""

import numpy as np

from tests.cases import Case, continuous, events, flow_of, kept, repeated


def each_condition_matters(case: Case) -> None:
    """Another label, or another context, gives each row another score and latent, and the batch other events."""
    model = kept(case)
    x, conditions = events(case, 4)
    z = model.encode(x, **conditions)
    others = {name: (value + 1) % 3 if name == "label" else 3 * value + 2 for name, value in conditions.items()}

    def answers(given):
        rows = [model.log_prob(x, **given).numpy()[:, None], model.encode(x, **given).numpy()]
        return rows, [model.decode(z, **given).numpy(), model.sample(4, **given, seed=1).numpy()]

    rows, batches = answers(conditions)
    for name, value in others.items():
        other_rows, other_batches = answers({**conditions, name: value})
        for one, other in zip(rows, other_rows, strict=True):
            assert np.any(one != other, axis=-1).all(), f"a row ignores its {name}"
        for one, other in zip(batches, other_batches, strict=True):
            assert np.any(one != other), f"events ignore their {name}"


def one_condition_is_that_of_all_rows(case: Case) -> None:
    model, conditions = kept(case), repeated(case, 4)
    x, single = events(case, 4)[0], {name: value[0] for name, value in conditions.items()}
    z = model.encode(x, **conditions)
    for given in (single, {**conditions, "label": 1}, {**conditions, "context": single["context"]}):
        np.testing.assert_array_equal(model.log_prob(x, **given), model.log_prob(x, **conditions))
        np.testing.assert_array_equal(model.encode(x, **given), z)
        np.testing.assert_array_equal(model.decode(z, **given), model.decode(z, **conditions))
        np.testing.assert_array_equal(model.sample(4, **given, seed=1), model.sample(4, **conditions, seed=1))


def conditions_are_the_batch_of_a_distribution(case: Case) -> None:
    model = flow_of(kept(case))
    x, conditions = continuous(case, 6)
    expected, shape = model.log_prob(x, **conditions).numpy(), case.event.shape
    for batch in ((6,), (2, 3)):
        given = {name: value.reshape(*batch, *value.shape[1:]) for name, value in conditions.items()}
        distribution = model.distribution(**given)
        assert distribution.batch_shape == batch
        log_prob = distribution.log_prob(x.reshape(*batch, *shape)).numpy()
        np.testing.assert_allclose(log_prob.ravel(), expected, rtol=1e-5)
        assert distribution.sample(5, seed=[0, 1]).shape == (5, *batch, *shape)
    # A single label or context goes with all of the others.
    for name, value in repeated(case, 6).items():
        one, all_rows = ({**conditions, name: given} for given in (value[0], value))
        distribution = model.distribution(**one)
        assert distribution.batch_shape == (6,)
        np.testing.assert_allclose(distribution.log_prob(x), model.log_prob(x, **all_rows), rtol=1e-5)


CONDITION_LAWS = [
    each_condition_matters,
    one_condition_is_that_of_all_rows,
    conditions_are_the_batch_of_a_distribution,
]

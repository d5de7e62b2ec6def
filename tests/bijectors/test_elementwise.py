"""Scalar transformers far from where networks start."""

import numpy as np
import pytest
import tensorflow as tf

from tfflows.bijectors import Gated, SigmoidAffine


@pytest.mark.parametrize("transformer", [SigmoidAffine(), SigmoidAffine(offset=0.0, factor=2.0), Gated()], ids=str)
def test_sigmoids_that_underflow_divide_by_no_zero(transformer):
    parameters = tf.constant([[[-200.0], [0.5]], [[200.0], [-20.0]], [[-1e30], [30.0]]])
    bijector, z = transformer(parameters), tf.zeros([3, 1])
    x = bijector.forward(z)
    assert np.isfinite(x).all()
    assert np.isfinite(bijector.forward_log_det_jacobian(z, event_ndims=0)).all()
    np.testing.assert_allclose(bijector.inverse(tf.identity(x)), z, atol=1e-4)

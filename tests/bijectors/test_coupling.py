"""Two equivalent couplings: by a mask of the event, and by a split of the channels."""

import numpy as np
import pytest
import tensorflow as tf

from tests.cases import float64
from tfflows import bijectors, layers
from tfflows.bijectors import masks
from tfflows.errors import InputError
from tfflows.networks import MLP


def test_masks_and_patches_that_an_event_cannot_have_are_named():
    with pytest.raises(InputError, match=r"Expected `mask` to be one of \['halves'.*mask='checkerboard'"):
        layers.Coupling("checkerboard", conditioner=MLP(width=4, depth=1), transformer=bijectors.Additive())
    with pytest.raises(InputError, match=r"Expected `patch` to be 1 for vectors\. Received: patch=2"):
        layers.Tokens(2).compute_output_shape((None, 6))


@pytest.mark.parametrize("size", [5, 6])
@pytest.mark.parametrize("mask", [masks.halves, masks.alternating])
@pytest.mark.parametrize("flip", [False, True])
def test_split_coupling_is_the_coupling_of_its_mask(mask, flip, size):
    with float64():
        random = np.random.default_rng(0)
        x = tf.constant(random.normal(size=(2, 3, 3, size)))
        keep = mask((size,), flip=flip)
        kernel = random.normal(size=(size, 2 * size))

        def transform(kept, inputs, outputs):
            columns = np.concatenate([outputs, size + outputs])
            log_scale, shift = tf.split(tf.sin(kept @ tf.constant(kernel[inputs][:, columns])), 2, axis=-1)
            return bijectors.Affine(shift, log_scale)

        everything, stays, changes = np.arange(size), np.flatnonzero(keep), np.flatnonzero(~keep)
        masked = bijectors.MaskedCoupling(
            mask((3, 3, size), flip=flip), lambda kept: transform(kept, everything, everything)
        )
        split = bijectors.Coupling(keep, lambda kept: transform(kept, stays, changes), event_ndims=3)
        for method in ("inverse", "forward"):
            np.testing.assert_allclose(getattr(split, method)(x), getattr(masked, method)(x), rtol=1e-12)
            log_dets = [
                getattr(coupling, f"{method}_log_det_jacobian")(x, event_ndims=3) for coupling in (split, masked)
            ]
            np.testing.assert_allclose(*log_dets, rtol=1e-12)

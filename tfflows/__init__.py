"""Flow-based generative models for TensorFlow and Keras: the building blocks of flows.

    import tfflows
    from tfflows.layers import ActNorm, AffineCoupling
    from tfflows.networks import MLP

    couplings = [AffineCoupling("halves", conditioner=MLP(width=64, depth=2), flip=flip) for flip in (False, True)]
    flow = tfflows.Flow(tfflows.Event((2,)), [ActNorm(), *couplings])

Importing it registers every layer, network and model with Keras, so that `keras.models.load_model` finds them.
"""

from tfflows.backend import check_backend
from tfflows.quiet import quiet

check_backend()
with quiet():
    from tfflows import bijectors as bijectors
    from tfflows import layers as layers
    from tfflows import networks as networks
    from tfflows.events import Event as Event
    from tfflows.models import VAE as VAE
    from tfflows.models import Dequantized as Dequantized
    from tfflows.models import Flow as Flow

__version__ = "0.1.0"

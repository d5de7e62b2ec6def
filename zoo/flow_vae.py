"""VAE whose posterior is a normalising flow that the encoder steers, and whose prior may be a flow too.

Source: Rezende and Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), section 4: planar and radial;
Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (1606.04934), section 4: IAF; planar
and IAF posteriors on binarised MNIST: van den Berg et al. (1803.05649), whose numbers FFJORD (1810.01367) repeats.
Differs from the papers: the networks are those of `zoo/vae.py`, so that the posteriors can be compared; their layers
take the encoder's features as they are.
"""

from functools import partial

from tfflows.bijectors import BoundedAffine, Gated, masks
from tfflows.errors import check_choice
from tfflows.events import Event
from tfflows.layers import AffineCoupling, Autoregressive, FlowLayer, Planar, Radial
from tfflows.models import VAE
from tfflows.networks import MADE, MLP, ConvDecoder, ConvEncoder, Encoder

POSTERIORS = ("planar", "radial", "realnvp", "iaf")
PRIORS = ("normal", "realnvp", "maf")


def vector(
    event: Event,
    *,
    posterior: str = "iaf",
    prior: str = "normal",
    layers: int = 4,
    hidden: int = 100,
    latents: int = 2,
    width: int = 128,
    depth: int = 2,
    free_bits: float = 0.0,
    kl_warmup_steps: int = 1,
) -> VAE:
    """Flow VAE of vectors, with dense networks.

    Args:
        event: Of shape `(dimension,)`.
        posterior: `"planar"`, `"radial"`, `"realnvp"` or `"iaf"`.
        prior: `"normal"`, `"realnvp"` or `"maf"`.
        layers: Number of layers of each flow.
        hidden: Hidden units of the networks of couplings and autoregressive layers.
        latents: Size of the latent vector.
        width: Units of the hidden layers of encoder and decoder.
        depth: Number of their hidden layers.
        free_bits: Nats that the latent vector may use without a cost in training.
        kl_warmup_steps: Steps in which the weight of the KL rises from 0 to 1.
    """
    encoder = Encoder(width, depth=depth, context_size=event.classes)
    decoder = partial(MLP, width=width, depth=depth, context_size=event.classes)
    flows = posterior_and_prior(posterior, prior, layers, hidden, width, event.classes)
    objective = {"free_bits": free_bits, "kl_warmup_steps": kl_warmup_steps}
    return VAE(event, encoder=encoder, decoder=decoder, latents=latents, name="flow_vae", **flows, **objective)


def image(
    event: Event,
    *,
    posterior: str = "iaf",
    prior: str = "normal",
    layers: int = 4,
    hidden: int = 320,
    latents: int = 40,
    features: int = 400,
    width: int = 16,
    stages: int = 2,
    blocks: int = 1,
    free_bits: float = 0.0,
    kl_warmup_steps: int = 1,
) -> VAE:
    """Flow VAE of images, with convolutions: the settings of `vector`, and those of the networks of `zoo/vae.py`."""
    networks = {"width": width, "stages": stages, "blocks": blocks, "context_size": event.classes}
    encoder = ConvEncoder(features, **networks)
    decoder = partial(ConvDecoder, shape=event.shape, features=features, **networks)
    flows = posterior_and_prior(posterior, prior, layers, hidden, features, event.classes)
    objective = {"free_bits": free_bits, "kl_warmup_steps": kl_warmup_steps}
    return VAE(event, encoder=encoder, decoder=decoder, latents=latents, name="flow_vae", **flows, **objective)


def posterior_and_prior(posterior, prior, layers, hidden, features, classes) -> dict[str, list[FlowLayer]]:
    """The layers of both flows, each in turn with the entries in the other order."""
    check_choice("posterior", posterior, POSTERIORS)
    check_choice("prior", prior, PRIORS)
    kinds = {"planar": planar, "radial": radial, "realnvp": coupling, "iaf": gated, "maf": affine}
    of_prior = [] if prior == "normal" else [kinds[prior](n, hidden, classes) for n in range(layers)]
    return {"posterior": [kinds[posterior](n, hidden, features) for n in range(layers)], "prior": of_prior}


def planar(number, hidden, context_size):
    return Planar(context_size=context_size)


def radial(number, hidden, context_size):
    return Radial(context_size=context_size)


def coupling(number, hidden, context_size):
    network = partial(MLP, width=hidden, depth=1, context_size=context_size)
    return AffineCoupling(masks.alternating, flip=number % 2 == 1, network=network)


def gated(number, hidden, context_size, family=Gated()):
    network = partial(MADE, width=hidden, depth=1, activation="elu", context_size=context_size)
    return Autoregressive(network=network, family=family, order=("natural", "reversed")[number % 2])


def affine(number, hidden, context_size):
    return gated(number, hidden, context_size, BoundedAffine())


TOY = {"steps": 6000, "batch_size": 512, "learning_rate": 2e-3, "schedule": "cosine", "validate_every": 500}
TOY |= {"steps_per_execution": 50}
# As in zoo/vae.py. Published with a planar posterior -86.06 nats, with IAF this: FFJORD (1810.01367), table 3.
MNIST = {"steps": 40_000, "learning_rate": 2e-3, "schedule": "cosine", "warmup_steps": 500, "validate_every": 2000}
MNIST |= {"steps_per_execution": 20}

PRESETS = {
    "vector": {"train": TOY},
    "dynamic_mnist": {"model": {"blocks": 2}, "train": MNIST, "published": "-84.20 nats"},
}

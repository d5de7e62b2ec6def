"""VAE whose posterior is a normalizing flow conditioned on the encoder, and whose prior may be a flow too.

Source: Rezende and Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), section 4: planar and radial;
Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (1606.04934), section 4: IAF; van den
Berg et al., "Sylvester Normalizing Flows for Variational Inference" (1803.05649).
Differs from the papers: the networks are those of `zoo/vae.py`, so that the posteriors can be compared.
"""

from tfflows.events import Event
from tfflows.models import VAE
from tfflows.networks import MLP, ConvDecoder, ConvEncoder, Encoder
from zoo.architecture import TOY_TRAINING, Architecture
from zoo.posteriors import posterior_and_prior


def vector(
    event: Event,
    *,
    posterior: str = "4 iaf",
    prior: str = "",
    hidden: int = 100,
    latents: int = 2,
    width: int = 128,
    depth: int = 2,
    free_bits: float = 0.0,
    kl_warmup_steps: int = 1,
) -> VAE:
    """Flow VAE for vectors, with dense networks.

    Args:
        event: Event of shape `(dimension,)`.
        posterior: Layers of the posterior: numbers of `planar`, `radial`, `sylvester`, `householder_sylvester`,
            `triangular_sylvester`, `realnvp` and `iaf`, such as `"16 planar"`.
        prior: Layers of the prior: numbers of `realnvp` and `maf`; empty for a standard normal prior.
        hidden: Number of hidden units of the networks in these layers.
        latents: Size of the latent vector.
        width: Number of units in each hidden layer of encoder and decoder.
        depth: Number of hidden layers of encoder and decoder.
        free_bits: Nats that the latent vector may use at no cost in training.
        kl_warmup_steps: Number of steps in which the weight of the KL rises from 0 to 1.
    """
    encoder = Encoder(width, depth=depth, context_size=event.condition_size)
    decoder = MLP(width=width, depth=depth, context_size=event.condition_size)
    flows = posterior_and_prior(posterior, prior, hidden, width, event.condition_size)
    objective = {"free_bits": free_bits, "kl_warmup_steps": kl_warmup_steps}
    return VAE(event, encoder=encoder, decoder=decoder, latents=latents, name="flow_vae", **flows, **objective)


def image(
    event: Event,
    *,
    posterior: str = "4 iaf",
    prior: str = "",
    hidden: int = 320,
    latents: int = 40,
    features: int = 400,
    width: int = 16,
    blocks: int = 1,
    free_bits: float = 0.0,
    kl_warmup_steps: int = 1,
) -> VAE:
    """Flow VAE for images, with the convolutional networks of the VAE.

    Args:
        event: Event of shape `(height, width, channels)`.
        posterior: As for vectors.
        prior: As for vectors.
        hidden: Number of hidden units of the networks in these layers.
        latents: Size of the latent vector.
        features: Number of units of the dense layers on either side of the latent vector.
        width: Number of channels of the maps at half the height and width; those at a quarter have twice as many.
        blocks: Number of residual blocks at a quarter of the height and width.
        free_bits: Nats that the latent vector may use at no cost in training.
        kl_warmup_steps: Number of steps in which the weight of the KL rises from 0 to 1.
    """
    networks = {"width": width, "blocks": blocks, "context_size": event.condition_size}
    encoder = ConvEncoder(features, **networks)
    decoder = ConvDecoder(shape=event.shape, features=features, **networks)
    flows = posterior_and_prior(posterior, prior, hidden, features, event.condition_size)
    objective = {"free_bits": free_bits, "kl_warmup_steps": kl_warmup_steps}
    return VAE(event, encoder=encoder, decoder=decoder, latents=latents, name="flow_vae", **flows, **objective)


# Presets.
TOY = {**TOY_TRAINING, "steps": 6000, "learning_rate": 2e-3, "num_importance_samples": 100}
# As in zoo/vae.py.
MNIST = {
    "steps": 40_000,
    "learning_rate": 2e-3,
    "schedule": "cosine",
    "warmup_steps": 500,
    "validate_every": 2000,
    "steps_per_execution": 20,
}

# 1803.05649, section on experiments, and the example of the authors' README: 4 flows of 8 orthonormal columns (the
# model of the published score may be larger), and warm-up of the KL over 100 of at most 2000 passes. The networks are
# ours. Published: FFJORD (1810.01367), table 3, on static binarization, which repeats the scores of 1803.05649.
SYLVESTER = {
    "epochs": 2000,
    "batch_size": 100,
    "learning_rate": 5e-4,
    "optimizer": "adamax",
    "warmup_steps": 0,
    "patience": 100,
    "ema": 0.0,
}
STATIC_MNIST = {"posterior": "4 sylvester", "latents": 64, "features": 256, "blocks": 2, "kl_warmup_steps": 50_000}

PRESETS = {
    "vector": {"model": {"kl_warmup_steps": 2000}, "train": TOY},  # without it, the posterior collapses
    "dynamic_mnist": {"model": {"blocks": 2}, "train": MNIST},
    "binarized_mnist": {
        "model": STATIC_MNIST,
        "train": SYLVESTER,
        "published": "Sylvester -83.32 nats, IAF -84.20, planar -86.06",
        "source": "1803.05649",
    },
}

ARCHITECTURE = Architecture(
    paper="1505.05770",
    title="Variational autoencoder with flows as posterior and prior",
    builders={"vector": vector, "image": image},
    presets=PRESETS,
    density="bound",
)

"""VAE: an autoencoder whose latent vector has a gaussian posterior and a standard normal prior.

Source: Kingma and Welling, "Auto-Encoding Variational Bayes" (1312.6114), sections 2 and 3.
Differs from the paper: convolutions and exponential linear units, as in later work on images; bounded log-deviations.
"""

from tfflows.events import Event
from tfflows.models import VAE
from tfflows.networks import MLP, ConvDecoder, ConvEncoder, Encoder
from zoo.architecture import Architecture


def vector(
    event: Event,
    *,
    latents: int = 2,
    width: int = 128,
    depth: int = 2,
    free_bits: float = 0.0,
    kl_warmup_steps: int = 1,
) -> VAE:
    """VAE of vectors, with dense networks.

    Args:
        event: Of shape `(dimension,)`.
        latents: Size of the latent vector.
        width: Units of the networks' hidden layers.
        depth: Number of the networks' hidden layers.
        free_bits: Nats that each latent may use without a cost in training.
        kl_warmup_steps: Steps in which the weight of the KL rises from 0 to 1.
    """
    encoder = Encoder(width, depth=depth, context_size=event.classes)
    decoder = MLP(width=width, depth=depth, context_size=event.classes)
    objective = {"free_bits": free_bits, "kl_warmup_steps": kl_warmup_steps}
    return VAE(event, encoder=encoder, decoder=decoder, latents=latents, name="vae", **objective)


def image(
    event: Event,
    *,
    latents: int = 40,
    features: int = 400,
    width: int = 16,
    blocks: int = 1,
    free_bits: float = 0.0,
    kl_warmup_steps: int = 1,
) -> VAE:
    """VAE of images, with convolutions.

    Args:
        event: Of shape `(height, width, channels)`.
        latents: Size of the latent vector.
        features: Units of the dense layers next to it.
        width: Channels of the maps of half the height and width; a quarter has twice as many.
        blocks: Residual blocks there.
        free_bits: Nats that each latent may use without a cost in training.
        kl_warmup_steps: Steps in which the weight of the KL rises from 0 to 1.
    """
    networks = {"width": width, "blocks": blocks, "context_size": event.classes}
    encoder = ConvEncoder(features, **networks)
    decoder = ConvDecoder(shape=event.shape, features=features, **networks)
    objective = {"free_bits": free_bits, "kl_warmup_steps": kl_warmup_steps}
    return VAE(event, encoder=encoder, decoder=decoder, latents=latents, name="vae", **objective)


# Presets.
TOY = {
    "steps": 6000,
    "batch_size": 512,
    "learning_rate": 2e-3,
    "schedule": "cosine",
    "validate_every": 500,
    "steps_per_execution": 50,
    "num_importance_samples": 100,
}
# Ours: less than an hour on one core. The published ELBO is that of larger networks, trained to the end: FFJORD
# (1810.01367), table 3.
MNIST = {
    "steps": 40_000,
    "learning_rate": 2e-3,
    "schedule": "cosine",
    "warmup_steps": 500,
    "validate_every": 2000,
    "steps_per_execution": 20,
}

PRESETS = {
    "vector": {"model": {"kl_warmup_steps": 2000}, "train": TOY},  # without, the latent says nothing and stays so
    "dynamic_mnist": {"model": {"blocks": 2}, "train": MNIST, "published": "-86.55 nats"},
}

ARCHITECTURE = Architecture(
    paper="1312.6114",
    title="Variational autoencoder",
    builders={"vector": vector, "image": image},
    presets=PRESETS,
    density="bound",
)

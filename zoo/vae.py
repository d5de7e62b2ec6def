"""VAE: an autoencoder whose latent vector has a Gaussian posterior and a standard normal prior.

Source: Kingma and Welling, "Auto-Encoding Variational Bayes" (1312.6114), sections 2 and 3.
Differs from the paper: convolutions and exponential linear units, as in later work on images; bounded log standard
deviations.
"""

from tfflows.events import Event
from tfflows.models import VAE
from tfflows.networks import MLP, ConvDecoder, ConvEncoder, Encoder
from zoo.architecture import TOY_TRAINING, Architecture


def vector(
    event: Event,
    *,
    latents: int = 2,
    width: int = 128,
    depth: int = 2,
    free_bits: float = 0.0,
    kl_warmup_steps: int = 1,
) -> VAE:
    """VAE for vectors, with dense networks.

    Args:
        event: Event of shape `(dimension,)`.
        latents: Size of the latent vector.
        width: Number of units in each hidden layer of the networks.
        depth: Number of hidden layers of the networks.
        free_bits: Nats that each latent may use at no cost in training.
        kl_warmup_steps: Number of steps in which the weight of the KL rises from 0 to 1.
    """
    encoder = Encoder(width, depth=depth, context_size=event.condition_size)
    decoder = MLP(width=width, depth=depth, context_size=event.condition_size)
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
    """VAE for images, with convolutions.

    Args:
        event: Event of shape `(height, width, channels)`.
        latents: Size of the latent vector.
        features: Number of units of the dense layers on either side of the latent vector.
        width: Number of channels of the maps at half the height and width; those at a quarter have twice as many.
        blocks: Number of residual blocks at a quarter of the height and width.
        free_bits: Nats that each latent may use at no cost in training.
        kl_warmup_steps: Number of steps in which the weight of the KL rises from 0 to 1.
    """
    networks = {"width": width, "blocks": blocks, "context_size": event.condition_size}
    encoder = ConvEncoder(features, **networks)
    decoder = ConvDecoder(shape=event.shape, features=features, **networks)
    objective = {"free_bits": free_bits, "kl_warmup_steps": kl_warmup_steps}
    return VAE(event, encoder=encoder, decoder=decoder, latents=latents, name="vae", **objective)


# Presets.
TOY = {**TOY_TRAINING, "steps": 6000, "learning_rate": 2e-3, "num_importance_samples": 100}
# Ours: less than two hours on one core. The published ELBO is that of larger networks, trained to convergence, on the
# static binarization: FFJORD (1810.01367), table 3.
MNIST = {
    "steps": 40_000,
    "learning_rate": 2e-3,
    "schedule": "cosine",
    "warmup_steps": 500,
    "validate_every": 2000,
    "steps_per_execution": 20,
}

PRESETS = {
    "vector": {"model": {"kl_warmup_steps": 2000}, "train": TOY},  # without it, the posterior collapses
    "dynamic_mnist": {"model": {"blocks": 2}, "train": MNIST},
    "binarized_mnist": {"model": {"blocks": 2}, "train": MNIST, "published": "-86.55 nats", "source": "1810.01367"},
}

ARCHITECTURE = Architecture(
    paper="1312.6114",
    title="Variational autoencoder",
    builders={"vector": vector, "image": image},
    presets=PRESETS,
    density="bound",
)

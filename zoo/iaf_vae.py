"""IAF-VAE: a ladder of residual layers, each with latent maps whose posterior is an inverse autoregressive flow.

Source: Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (1606.04934), sections 4 and
6.2, appendix C, and the authors' code (openai/iaf).
Differs from the paper: on MNIST, where the paper has one layer of 32 latents (section 6.1), this has the ladder too,
after two strided convolutions.
"""

from tfflows.bijectors import Gated
from tfflows.events import Event
from tfflows.layers import AutoregressiveConv, LadderLayer
from tfflows.models import LadderVAE
from tfflows.networks import MaskedConvNet
from zoo.architecture import Architecture


def image(  # noqa: PLR0913 - the settings of the ladder, its posteriors and its objective
    event: Event,
    *,
    strides: int = 1,
    scales: int = 2,
    blocks: int = 2,
    width: int = 32,
    latents: int = 4,
    steps: int = 1,
    hidden: int = 32,
    depth: int = 1,
    free_bits: float = 0.0,
    kl_warmup_steps: int = 1,
) -> LadderVAE:
    """IAF-VAE for images.

    Args:
        event: Event of shape `(height, width, channels)`.
        strides: Number of strided convolutions before the ladder; each halves height and width.
        scales: Number of scales of the ladder, each at half the height and width of the one before.
        blocks: Number of layers of each scale.
        width: Number of feature maps.
        latents: Number of channels of the latent maps of each layer.
        steps: Number of autoregressive steps of each posterior; the order is reversed from each step to the next.
        hidden: Number of feature maps of the masked networks.
        depth: Number of hidden layers of the masked networks.
        free_bits: Nats that each layer may use at no cost in training.
        kl_warmup_steps: Number of steps in which the weight of the KL rises from 0 to 1.
    """
    network = MaskedConvNet(width=hidden, depth=depth, context_channels=width)
    layers = []
    last = scales * blocks - 1
    for number in range(last + 1):
        orders = [("natural", "reversed")[step % 2] for step in range(steps)]
        flow = [AutoregressiveConv(conditioner=network, transformer=Gated(), order=order) for order in orders]
        halves = number > 0 and number % blocks == 0
        layers.append(LadderLayer(width, latents, flow=flow, halves=halves, top=number == last))
    objective = {"free_bits": free_bits, "kl_warmup_steps": kl_warmup_steps}
    return LadderVAE(event, layers, width=width, strides=strides, name="iaf_vae", **objective)


# Presets.
# On MNIST ours, 70 minutes on one core. The paper has, at 32 x 32, 20 layers of width 160 with 32 latent maps,
# free bits of 0.1 per channel, and Adamax at 0.002 with batches of 32 on each of 8 GPUs; on MNIST a network of one
# layer, whose best ELBO is given. The score of CIFAR-10 has 10,000 importance samples; with one, it is 3.15.
MNIST = {
    "steps": 15_000,
    "learning_rate": 2e-3,
    "schedule": "cosine",
    "warmup_steps": 500,
    "validate_every": 1000,
    "batch_size": 100,
    "steps_per_execution": 20,
}
AT_28 = {"strides": 2, "scales": 2, "blocks": 3, "width": 40, "kl_warmup_steps": 2000}
AT_32 = {"scales": 1, "blocks": 20, "width": 160, "latents": 32, "hidden": 160, "depth": 2, "free_bits": 3.2}

PRESETS = {
    "dynamic_mnist": {"model": AT_28, "train": MNIST, "published": "-80.80 nats"},
    "cifar10": {
        "model": AT_32,
        "train": {"optimizer": "adamax", "learning_rate": 2e-3, "batch_size": 256, "epochs": 500},
        "published": "3.11 bits/dim",
    },
}

ARCHITECTURE = Architecture(
    paper="1606.04934",
    title="Ladder of latent maps with inverse autoregressive posteriors",
    builders={"image": image},
    presets=PRESETS,
    density="bound",
)

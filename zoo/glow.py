"""Glow: repeated steps of activation normalization, invertible 1 x 1 convolution and coupling of channel halves.

Source: Kingma and Dhariwal, "Glow" (1807.03039), section 3, and the authors' code.
Differs from the paper: in a class-conditional model the couplings see the class too, not only the last level's prior.
"""

from tfflows import layers
from tfflows.bijectors import Additive, SigmoidAffine
from tfflows.dequantization import pixel_noise
from tfflows.errors import check_choice
from tfflows.events import Event
from tfflows.models import GenerativeModel, make_flow
from tfflows.networks import MLP, ConvNet, Network
from zoo.architecture import DARK_IMAGES, MUON_TRAINING, TOY_TRAINING, Architecture

MATRICES = {"plu": layers.PLULinear, "plain": layers.PlainLinear}
PERMUTATIONS = {**MATRICES, "reverse": layers.Reverse, "shuffle": layers.Shuffle}
COUPLINGS = {"affine": SigmoidAffine(), "additive": Additive()}


def vector(
    event: Event, *, steps: int = 8, width: int = 64, depth: int = 2, permutation: str = "plu", coupling: str = "affine"
) -> GenerativeModel:
    """Glow for vectors, which the paper does not have: the steps for images, with MLPs in place of convolutions.

    Args:
        event: Event of shape `(dimension,)`, dimension at least 2.
        steps: Number of steps.
        width: Number of units in each hidden layer of the networks.
        depth: Number of hidden layers of the networks.
        permutation: `"plu"` or `"plain"` (learned), `"reverse"` or `"shuffle"` (fixed).
        coupling: `"affine"` or `"additive"`.
    """
    mlp = MLP(width=width, depth=depth, context_size=event.condition_size)
    flow = [*repeat(steps, permutation, coupling, mlp), layers.TopPrior(context_size=event.condition_size)]
    return make_flow(event, flow, name="glow")


def image(
    event: Event,
    *,
    scales: int = 3,
    steps: int = 32,
    width: int = 512,
    permutation: str = "plu",
    coupling: str = "affine",
    alpha: float = 0.0,
    dequantization: str = "uniform",
) -> GenerativeModel:
    """Glow for images: each scale squeezes, applies steps, and factors out half of the channels, with learned priors.

    Args:
        event: Event of shape `(height, width, channels)`; each scale halves height and width.
        scales: Number of scales, the paper's levels, L.
        steps: Number of steps of flow at each scale, the paper's K; not steps of the optimizer.
        width: Number of feature maps of the networks.
        permutation: `"plu"` or `"plain"` (learned), `"reverse"` or `"shuffle"` (fixed).
        coupling: `"affine"` or `"additive"`.
        alpha: Distance from the ends of the interval in a logit of the pixels; 0 scales them to [-0.5, 0.5].
        dequantization: Noise of the pixels: `"uniform"`, or `"logit_normal"`, learned.
    """
    convnet = ConvNet(width=width, context_size=event.condition_size)
    flow = [layers.pixel_layer(event, alpha, low=-0.5, high=0.5)]
    for scale in range(scales):
        flow += [] if scale == 0 else [layers.SplitPrior(), layers.FactorOut()]
        flow += [layers.Squeeze(), *repeat(steps, permutation, coupling, convnet)]
    noise = pixel_noise(dequantization, ConvNet(width=width), event)
    flow = [*flow, layers.TopPrior(context_size=event.condition_size)]
    return make_flow(event, flow, dequantization=noise, name="glow")


def repeat(steps: int, permutation: str, coupling: str, conditioner: Network) -> list[layers.FlowLayer]:
    """`steps` steps of flow (figure 2a)."""
    check_choice("permutation", permutation, PERMUTATIONS)
    check_choice("coupling", coupling, COUPLINGS)
    flow = []
    for _ in range(steps):
        flow += [layers.ActNorm(), PERMUTATIONS[permutation]()]
        flow += [layers.Coupling("halves", conditioner=conditioner, transformer=COUPLINGS[coupling])]
    return flow


# Presets.
# K and L: the commands of the authors' README, and the paper's table for LSUN. Adamax, its rate, and the numbers of
# steps, 1800 and for the warm-up 10 times 50,000 images in batches of 512 at 32 x 32: defaults of the authors' code.
# Their beta_2 is 1 - 1/98, and they score averaged weights. Scores: table 2. The settings of CelebA are ours.
TOY = {**TOY_TRAINING, "steps": 6000, "learning_rate": 2e-3}
DIGITS = {"epochs": 90, "learning_rate": 3e-3, "schedule": "cosine", "ema": 0.99, "validate_every": 50}
HOURS = {
    **MUON_TRAINING,
    "steps": 13_000,
    "learning_rate": 5e-3,
    "warmup_steps": 300,
    "validate_every": 1000,
}  # 85 minutes on 1 core, with instructions for bfloat16
SMALL = {"scales": 2, "steps": 8, "width": 64}
AT_28 = {"model": {**SMALL, "width": 96, **DARK_IMAGES}, "train": HOURS}
ADAMAX = {"optimizer": "adamax", "learning_rate": 1e-3, "warmup_steps": 977, "steps": 175_781}
BIG = {"batch_size": 512, **ADAMAX}
AT_64 = {"model": {"scales": 4, "steps": 48}, "train": {"batch_size": 128, **ADAMAX}}

PRESETS = {
    "vector": {"model": {"steps": 10}, "train": TOY},
    "energy": {"model": {"steps": 6}, "train": {**TOY, "steps": 4000, "anneal_steps": 1000}},
    "image": {"model": SMALL, "train": {"batch_size": 64}},
    "digits": {"model": {"scales": 2, "steps": 8, "width": 32}, "train": DIGITS},
    **dict.fromkeys(("mnist", "fashion_mnist"), AT_28),
    "cifar10": {"train": BIG, "published": "3.35 bits/dim"},
    "downsampled_imagenet/32x32": {"model": {"steps": 48}, "train": BIG, "published": "4.09 bits/dim"},
    "downsampled_imagenet/64x64": {**AT_64, "published": "3.81 bits/dim"},
    "lsun/bedroom": {**AT_64, "published": "2.38 bits/dim"},
    "lsun/tower": {**AT_64, "published": "2.46 bits/dim"},
    "lsun/church_outdoor": {**AT_64, "published": "2.67 bits/dim"},
    "celeb_a": AT_64,
}

ARCHITECTURE = Architecture(
    paper="1807.03039",
    title="Glow: generative flow with invertible 1x1 convolutions",
    builders={"vector": vector, "image": image},
    presets=PRESETS,
)

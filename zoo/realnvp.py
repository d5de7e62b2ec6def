"""RealNVP: affine couplings, multi-scale on images.

Source: Dinh et al., "Density estimation using Real NVP" (1605.08803), sections 3 and 4.1.
Differs from the paper: ActNorm replaces batch normalization in the flow, nothing replaces it in the networks, so that a
score is the same in training and evaluation, on one device and many, and does not depend on the rest of the batch.
"""

from tfflows.dequantization import pixel_noise
from tfflows.events import Event
from tfflows.layers import ActNorm, AffineCoupling, FactorOut, FlowLayer, Logit, Squeeze
from tfflows.models import GenerativeModel, make_flow
from tfflows.networks import MLP, ConvResNet, Network
from zoo.architecture import DARK_IMAGES, MUON_TRAINING, TOY_TRAINING, Architecture


def vector(
    event: Event, *, couplings: int = 8, width: int = 64, depth: int = 2, base: str = "normal"
) -> GenerativeModel:
    """RealNVP for vectors: couplings that change the even and the odd entries alternately.

    Args:
        event: Event of shape `(dimension,)`, dimension at least 2.
        couplings: Number of coupling layers.
        width: Number of units in each hidden layer of the networks.
        depth: Number of hidden layers of the networks.
        base: Distribution of the latent: `"normal"`, or `"student_t"` for heavy tails.
    """
    mlp = MLP(width=width, depth=depth, context_size=event.condition_size)
    layers = [ActNorm(), *alternate("alternating", couplings, mlp)]
    return make_flow(event, layers, base=base, name="realnvp")


def image(
    event: Event,
    *,
    scales: int = 2,
    width: int = 32,
    blocks: int = 4,
    patch: int = 1,
    l2: float = 5e-5,
    alpha: float = 0.05,
    bound: float = 1.0,
    dequantization: str = "uniform",
) -> GenerativeModel:
    """RealNVP for images.

    Every scale but the last has three checkerboard couplings, a squeeze and three channel couplings, and factors out
    half of the channels; the last scale has four checkerboard couplings.

    Args:
        event: Event of shape `(height, width, channels)`; each scale but the last halves height and width.
        scales: Number of scales.
        width: Number of feature maps of the networks of the first scale; it doubles after each squeeze.
        blocks: Number of residual blocks of each network.
        patch: Networks work on patch x patch blocks of pixels, which is cheaper and widens their view; 1 in the paper.
        l2: Coefficient of the penalty on the gains of the weight normalization.
        alpha: Distance from the ends of the interval in the logit.
        bound: Initial value of the learned bounds of the log-scales.
        dequantization: Noise of the pixels: `"uniform"`, or `"logit_normal"`, learned.
    """
    settings = {"blocks": blocks, "patch": patch, "l2": l2, "context_size": event.condition_size}
    resnets = [ConvResNet(width=width * 2**scale, **settings) for scale in range(scales)]
    layers = [Logit(high=float(event.levels or 1), alpha=alpha)]
    for scale in range(scales - 1):
        layers += [*alternate("checkerboard", 3, resnets[scale], bound), Squeeze()]
        layers += [*alternate("halves", 3, resnets[scale + 1], bound), FactorOut()]
    layers += alternate("checkerboard", 4, resnets[-1], bound)
    noise = pixel_noise(dequantization, ConvResNet(width=width, blocks=blocks, patch=patch, l2=l2), event)
    return make_flow(event, layers, dequantization=noise, name="realnvp")


def alternate(
    mask: str, number: int, conditioner: Network, bound: float = 1.0, *, flip: bool = False
) -> list[FlowLayer]:
    """`number` couplings that change the two sides of a mask alternately, each followed by ActNorm."""
    layers = []
    for index in range(number):
        side = (index % 2 == 1) != flip
        layers += [AffineCoupling(mask, conditioner=conditioner, flip=side, bound=bound), ActNorm()]
    return layers


# Presets.
# From section 4.1: batches of 64, Adam with its defaults; 8 blocks, 64 maps and one squeeze on CIFAR-10, else
# 4 blocks and 32 maps at 32 x 32, 2 blocks at 64 x 64, squeezed until the last scale is 4 x 4. The number of steps is
# ours. Published scores: table 1. Vectors and flattened images follow 1705.07057, with one network for scale and shift,
# bounded scales, ActNorm, and no penalty on the weights.
TOY = {**TOY_TRAINING, "steps": 10_000, "learning_rate": 2e-3}
DIGITS = {"epochs": 150, "schedule": "cosine", "ema": 0.99, "validate_every": 50}
HOUR = {
    "steps": 7000,
    "batch_size": 64,
    "learning_rate": 5e-3,
    "schedule": "cosine",
    "warmup_steps": 300,
    "ema": 0.999,
    "validate_every": 1000,
    "sample_every": 2,
}  # 80 minutes on 1 core
# 130 minutes on 1 core, with instructions for bfloat16.
LONG = {**HOUR, **MUON_TRAINING, "steps": 18_000, "sample_every": 5}
AT_28 = {"model": {"width": 40, "blocks": 2, "patch": 2, **DARK_IMAGES}, "train": HOUR}
AT_32 = {"model": {"scales": 4}, "train": {"batch_size": 64}}
AT_64 = {"model": {"scales": 5, "blocks": 2}, "train": {"batch_size": 64}}
OF_MAF = {
    "train": {"batch_size": 100, "learning_rate": 1e-4, "epochs": 1000, "patience": 30},
    "source": "1705.07057",
}
NARROW, WIDE = {"couplings": 5, "width": 100}, {"couplings": 5, "width": 512}
BSDS300 = {"model": WIDE, **OF_MAF, "published": "152.97 nats; with 10 couplings 153.28"}
FLAT_MNIST = {
    "model": {"couplings": 5, "width": 1024},
    **OF_MAF,
    "published": "-1323.2 nats in logit space; with 10 couplings -1370.7",
}
CIFAR = {"model": {"width": 64, "blocks": 8}, "train": {"batch_size": 64, "epochs": 500}}

PRESETS = {
    "vector": {"model": {"couplings": 16, "width": 128}, "train": TOY},
    "power": {"model": NARROW, **OF_MAF, "published": "-0.02 nats; with 10 couplings 0.17"},
    "gas": {"model": NARROW, **OF_MAF, "published": "4.78 nats; with 10 couplings 8.33"},
    "hepmass": {"model": WIDE, **OF_MAF, "published": "-19.62 nats; with 10 couplings -18.71"},
    "miniboone": {"model": WIDE, **OF_MAF, "published": "-13.55 nats; with 10 couplings -13.84"},
    **dict.fromkeys(("bsds300", "bsds300_patches"), BSDS300),
    "flat_mnist": FLAT_MNIST,
    "energy": {"model": {"couplings": 8}, "train": {**TOY, "steps": 4000, "anneal_steps": 1000}},
    "image": {"model": {"blocks": 2, "patch": 2}, "train": {"batch_size": 64}},
    "digits": {"model": {"blocks": 1, "l2": 0.0}, "train": DIGITS},
    "mnist": {**AT_28, "train": LONG},
    "fashion_mnist": AT_28,
    "svhn_cropped": AT_32,
    "cifar10": {**CIFAR, "published": "3.49 bits/dim"},
    "downsampled_imagenet/32x32": {**AT_32, "published": "4.28 bits/dim"},
    "downsampled_imagenet/64x64": {**AT_64, "published": "3.98 bits/dim"},
    "lsun/bedroom": {**AT_64, "published": "2.72 bits/dim"},
    "lsun/tower": {**AT_64, "published": "2.81 bits/dim"},
    "lsun/church_outdoor": {**AT_64, "published": "3.08 bits/dim"},
    "celeb_a": {**AT_64, "published": "3.02 bits/dim"},
}

ARCHITECTURE = Architecture(
    paper="1605.08803",
    title="RealNVP: real-valued non-volume preserving transformations",
    builders={"vector": vector, "image": image},
    presets=PRESETS,
)

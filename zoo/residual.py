"""Residual flow: each block adds a contraction of its input, a network with a Lipschitz constant below 1.

Source: Chen et al., "Residual Flows for Invertible Generative Modeling" (1906.02735) and the authors' code; Behrmann et
al., "Invertible Residual Networks" (1811.00995).
Differs from the papers: the log-determinant of vectors is exact; see `layers.Residual` and `networks.LipschitzNet`.
"""

from tfflows.costs import Cost
from tfflows.events import Event
from tfflows.layers import ActNorm, FactorOut, Flatten, FlowLayer, Logit, Residual, Squeeze
from tfflows.models import GenerativeModel, make_flow
from tfflows.networks import LipschitzNet
from zoo.architecture import TOY_TRAINING, Architecture

DENSE, CONVOLUTIONS = (1, 1, 1), (3, 1, 3)  # sizes of kernels


def vector(
    event: Event, *, blocks: int = 16, width: int = 64, depth: int = 2, lipschitz: float = 0.98
) -> GenerativeModel:
    """Residual flow for vectors.

    Args:
        event: Event of shape `(dimension,)`.
        blocks: Number of residual blocks, each followed by ActNorm.
        width: Number of units in each hidden layer of the networks.
        depth: Number of hidden layers of the networks.
        lipschitz: Bound on the Lipschitz constants of the networks, in (0, 1).
    """
    settings = {"width": width, "lipschitz": lipschitz, "context_size": event.condition_size}
    network = LipschitzNet(sizes=(1,) * (depth + 1), **settings)
    return make_flow(event, [ActNorm(), *_normalized([Residual(network) for _ in range(blocks)])], name="residual")


def image(
    event: Event,
    *,
    scales: int = 3,
    blocks: int = 16,
    width: int = 512,
    dense_blocks: int = 4,
    dense_width: int = 128,
    lipschitz: float = 0.98,
    factor_out: bool = False,
    alpha: float = 0.05,
) -> GenerativeModel:
    """Residual flow for images: blocks of convolutions, with a squeeze between scales, then blocks of dense layers.

    Args:
        event: Event of shape `(height, width, channels)`; each scale but the last halves height and width.
        scales: Number of scales.
        blocks: Number of convolutional blocks of each scale, each followed by ActNorm.
        width: Number of feature maps of the convolutional networks.
        dense_blocks: Number of dense blocks of the last scale.
        dense_width: Number of units of the dense networks.
        lipschitz: Bound on the Lipschitz constants of the networks, in (0, 1).
        factor_out: Whether each scale but the last factors out half of the channels after the squeeze.
        alpha: Distance from the ends of the interval in the logit.
    """
    settings = {"lipschitz": lipschitz, "context_size": event.condition_size}

    def block(width: int, sizes: tuple[int, ...], *, preactivated: bool) -> Residual:
        return Residual(
            LipschitzNet(width=width, sizes=sizes, preactivated=preactivated, **settings), log_det="estimate"
        )

    flow = [Logit(high=float(event.levels or 1), alpha=alpha), ActNorm()]
    for scale in range(scales):
        # No LipSwish before the first block of all, as it would fold the data.
        convolutional = [block(width, CONVOLUTIONS, preactivated=scale + place > 0) for place in range(blocks)]
        flow += _normalized(convolutional)
        flow += [Squeeze()] if scale < scales - 1 else []
        flow += [FactorOut()] if factor_out and scale < scales - 1 else []
    dense = [block(dense_width, DENSE, preactivated=True) for _ in range(dense_blocks)]
    return make_flow(event, [*flow, Flatten(), *_normalized(dense)], name="residual")


def _normalized(blocks: list[Residual]) -> list[FlowLayer]:
    """Each block followed by ActNorm."""
    return [layer for block in blocks for layer in (block, ActNorm())]


# Presets.
# On MNIST, CIFAR-10 and ImageNet32: the commands of the authors' README and the defaults of their `train_img.py`, Adam
# at 1e-3, batches of 64, 1000 steps of warm-up, gradients clipped at 1, 1000 epochs. Their beta_2 is .99, here .999;
# their number of further terms has a Poisson distribution, here a geometric one.
# Their ImageNet64 squeezes before the first block, which is not included.
TOY = {**TOY_TRAINING, "steps": 2000, "learning_rate": 5e-3, "ema": 0.99}
BIG = {"batch_size": 64, "learning_rate": 1e-3, "warmup_steps": 1000, "clip_norm": 1.0, "epochs": 1000}
SMALL = {"scales": 2, "blocks": 4, "width": 64, "dense_blocks": 2, "dense_width": 64}
MINUTES = {"steps": 1000, "batch_size": 64, "learning_rate": 2e-3, "schedule": "cosine", "clip_norm": 1.0, "ema": 0.99}

PRESETS = {
    "vector": {"model": {"blocks": 8}, "train": TOY},
    "energy": {"model": {"blocks": 4, "width": 32}, "train": {**TOY, "anneal_steps": 1000}},
    "image": {"model": SMALL, "train": {"batch_size": 64}},
    "digits": {"model": {**SMALL, "alpha": 1e-3}, "train": {**MINUTES, "validate_every": 100}},
    "mnist": {"model": {"alpha": 1e-6}, "train": BIG},
    "cifar10": {"train": BIG, "published": "3.28 bits/dim"},
    "downsampled_imagenet/32x32": {"model": {"blocks": 32}, "train": BIG},
}

ARCHITECTURE = Architecture(
    paper="1906.02735",
    title="Residual flows for invertible generative modeling",
    builders={"vector": vector, "image": image},
    presets=PRESETS,
    estimates=("image",),
    log_prob_cost=Cost("derivatives"),
    sample_cost=Cost("fixed point"),
)

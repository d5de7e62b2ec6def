"""The same models by zuko, nflows and normflows, in PyTorch: the worker of the other side, in their environment.

Train steps and densities are eager or compiled, and Adam is fused; densities and samples run without gradients.
"""

from collections.abc import Callable
from functools import partial

import normflows
import torch
import zuko
from nflows import distributions, flows, nn, transforms

from benchmarks.peers.worker import Model, serve


class Theirs(Model):
    """A flow of one of the libraries.

    Args:
        shape: Shape of an event.
        flow: The module.
        log_prob: Function from `x` to log-likelihoods.
        sample: Function from a number to samples.
        compiled_step: Whether the train step can be compiled.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        flow: torch.nn.Module,
        log_prob: Callable,
        sample: Callable,
        *,
        compiled_step: bool = True,
    ):
        torch.manual_seed(0)
        self.shape, self.flow, self.compiled_step = shape, flow, compiled_step
        self.log_prob, self.draw = log_prob, sample

    @property
    def weights(self):
        return sum(weight.numel() for weight in self.flow.parameters() if weight.requires_grad)

    def modes(self, call, batch):
        x = torch.randn(batch, *self.shape, generator=torch.Generator().manual_seed(0))
        if call == "sample":
            return {"eager": torch.no_grad()(lambda: tuple(self.draw(batch).shape))}
        functions = {"eager": self.log_prob}
        if call == "log_prob" or self.compiled_step:
            functions["compiled"] = torch.compile(self.log_prob)
        make = self._step if call == "train_step" else self._density
        return {mode: make(function, x) for mode, function in functions.items()}

    def _density(self, log_prob, x):
        return torch.no_grad()(lambda: tuple(log_prob(x).shape))

    def _step(self, log_prob, x):
        optimizer = torch.optim.Adam(self.flow.parameters(), fused=True)

        def step():
            optimizer.zero_grad(set_to_none=True)
            loss = -log_prob(x).mean()
            loss.backward()
            optimizer.step()
            return tuple(loss.shape)

        return step


def of_zuko(dimension: int, flow: torch.nn.Module, **options: bool) -> Theirs:
    """A lazy flow of zuko."""
    return Theirs((dimension,), flow, lambda x: flow().log_prob(x), lambda n: flow().sample((n,)), **options)


def of_nflows(dimension: int, steps: list) -> Theirs:
    """A composite transform of nflows, from data to latent."""
    transform = transforms.CompositeTransform(steps)
    flow = flows.Flow(transform, distributions.StandardNormal([dimension]))
    return Theirs((dimension,), flow, flow.log_prob, flow.sample)


def zuko_maf(dimension: int, layers: int, width: int) -> Theirs:
    """MAF with two hidden layers."""
    return of_zuko(dimension, zuko.flows.MAF(dimension, transforms=layers, hidden_features=(width, width)))


def zuko_realnvp() -> Theirs:
    """RealNVP, whose couplings alternate."""
    # The backward pass of the compiled flow aborts the process in PyTorch 2.13.
    return of_zuko(64, zuko.flows.RealNVP(64, transforms=10, hidden_features=(256, 256)), compiled_step=False)


def zuko_naf() -> Theirs:
    """NAF with monotone networks of the library's default size."""
    return of_zuko(8, zuko.flows.NAF(8, transforms=3, hidden_features=(64, 64)))


def nflows_maf(*, inverse: bool) -> Theirs:
    """MAF, or IAF, whose density runs the inverse of each layer."""
    steps = []
    for number in range(5):
        layer = transforms.MaskedAffineAutoregressiveTransform(43, 512, num_blocks=1, use_residual_blocks=False)
        steps += [*([transforms.ReversePermutation(43)] if number else []), layer]
    return of_nflows(43, [transforms.InverseTransform(step) for step in steps] if inverse else steps)


def nflows_nsf() -> Theirs:
    """Coupling NSF, whose couplings alternate."""
    mask = torch.arange(43) % 2
    net = partial(nn.nets.ResidualNet, hidden_features=256, num_blocks=2)
    spline = {"num_bins": 8, "tails": "linear", "tail_bound": 3.0}
    steps = [
        transforms.PiecewiseRationalQuadraticCouplingTransform((mask + number) % 2, net, **spline)
        for number in range(5)
    ]
    return of_nflows(43, steps)


def normflows_realnvp() -> Theirs:
    """RealNVP, whose couplings swap halves."""
    layers = []
    for _ in range(10):
        network = normflows.nets.MLP([32, 256, 256, 64], init_zeros=True)
        layers += [normflows.flows.AffineCouplingBlock(network), normflows.flows.Permute(64, mode="swap")]
    flow = normflows.NormalizingFlow(normflows.distributions.DiagGaussian(64, trainable=False), layers)
    return Theirs((64,), flow, flow.log_prob, lambda n: flow.sample(n)[0])


def normflows_glow() -> Theirs:
    """Glow with three scales of eight steps."""
    blocks, bases, merges = [], [], []
    for scale in range(3):  # from the latent
        channels, size = 48 // 2**scale, 4 * 2**scale
        blocks.append([normflows.flows.GlowBlock(channels, 128) for _ in range(8)] + [normflows.flows.Squeeze()])
        merges += [normflows.flows.Merge()] if scale else []
        bases.append(normflows.distributions.GlowBase((channels // 2 if scale else channels, size, size)))
    flow = normflows.MultiscaleFlow(bases, blocks, merges, class_cond=False)
    return Theirs((3, 32, 32), flow, lambda x: flow.log_prob(x, None), lambda n: flow.sample(n)[0].movedim(1, 3))


MODELS = {
    "maf zuko": partial(zuko_maf, 43, 5, 512),
    "maf nflows": partial(nflows_maf, inverse=False),
    "maf_wide zuko": partial(zuko_maf, 784, 2, 1024),
    "iaf nflows": partial(nflows_maf, inverse=True),
    "realnvp zuko": zuko_realnvp,
    "realnvp normflows": normflows_realnvp,
    "nsf nflows": nflows_nsf,
    "glow normflows": normflows_glow,
    "naf zuko": zuko_naf,
}

if __name__ == "__main__":
    torch.set_default_dtype(torch.float32)
    serve(MODELS)

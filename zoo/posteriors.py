"""The flows of a variational autoencoder: its posterior, conditioned on the encoder's features, and its prior."""

from tfflows.bijectors import BoundedAffine, Gated
from tfflows.layers import AffineCoupling, Autoregressive, Planar, Radial, numbered, sylvester_layer
from tfflows.networks import MADE, MLP


def posterior_and_prior(posterior: str, prior: str, hidden: int, features: int, condition_size: int) -> dict:
    """The layers of both flows; successive couplings alternate their masks, autoregressive layers their orders."""
    orders = ("natural", "reversed")

    def kinds(context_size: int) -> dict:
        mlp = MLP(width=hidden, depth=1, context_size=context_size)
        made = MADE(width=hidden, depth=1, activation="elu", context_size=context_size)
        return {
            "planar": lambda place: Planar(context_size=context_size),
            "radial": lambda place: Radial(context_size=context_size),
            "sylvester": lambda place: sylvester_layer("orthogonal", place, context_size=context_size),
            "householder_sylvester": lambda place: sylvester_layer("householder", place, context_size=context_size),
            "triangular_sylvester": lambda place: sylvester_layer("triangular", place, context_size=context_size),
            "realnvp": lambda place: AffineCoupling("alternating", conditioner=mlp, flip=place % 2 == 1),
            "iaf": lambda place: Autoregressive(conditioner=made, transformer=Gated(), order=orders[place % 2]),
            "maf": lambda place: Autoregressive(conditioner=made, transformer=BoundedAffine(), order=orders[place % 2]),
        }

    of_posterior = {name: kind for name, kind in kinds(features).items() if name != "maf"}
    of_prior = {name: kinds(condition_size)[name] for name in ("realnvp", "maf")}
    return {"posterior": numbered("posterior", posterior, of_posterior), "prior": numbered("prior", prior, of_prior)}

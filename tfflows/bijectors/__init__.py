"""Bijectors: the mathematics of flows, without weights. `forward` is latent to data, `inverse` data to latent."""

from tfflows.bijectors.affine import Affine as Affine
from tfflows.bijectors.autoregressive import Autoregressive as Autoregressive
from tfflows.bijectors.base import Bijector as Bijector
from tfflows.bijectors.coupling import Coupling as Coupling
from tfflows.bijectors.coupling import SplitCoupling as SplitCoupling
from tfflows.bijectors.elementwise import Additive as Additive
from tfflows.bijectors.elementwise import BoundedAffine as BoundedAffine
from tfflows.bijectors.elementwise import Elementwise as Elementwise
from tfflows.bijectors.elementwise import Gaussian as Gaussian
from tfflows.bijectors.elementwise import Shift as Shift
from tfflows.bijectors.elementwise import SigmoidAffine as SigmoidAffine
from tfflows.bijectors.linear import PLU as PLU
from tfflows.bijectors.linear import Linear as Linear
from tfflows.bijectors.linear import Permutation as Permutation
from tfflows.bijectors.linear import Plain as Plain
from tfflows.bijectors.logit import Logit as Logit
from tfflows.bijectors.mixture import MixtureOfGaussians as MixtureOfGaussians
from tfflows.bijectors.mixture import MixtureOfLogistics as MixtureOfLogistics
from tfflows.bijectors.multiscale import FactorOut as FactorOut
from tfflows.bijectors.multiscale import Flatten as Flatten
from tfflows.bijectors.multiscale import Squeeze as Squeeze
from tfflows.bijectors.normalization import BatchNormalization as BatchNormalization
from tfflows.bijectors.root import Increasing as Increasing
from tfflows.bijectors.root import increasing_root as increasing_root
from tfflows.bijectors.spline import RationalQuadratic as RationalQuadratic
from tfflows.bijectors.spline import Spline as Spline

"""Layers of flows, named as the bijectors they make; each owns its weights."""

from tfflows.layers.actnorm import ActNorm as ActNorm
from tfflows.layers.autoregressive import Autoregressive as Autoregressive
from tfflows.layers.autoregressive import AutoregressiveConv as AutoregressiveConv
from tfflows.layers.base import FlowLayer as FlowLayer
from tfflows.layers.batchnorm import BatchNorm as BatchNorm
from tfflows.layers.continuous import Continuous as Continuous
from tfflows.layers.coupling import AffineCoupling as AffineCoupling
from tfflows.layers.coupling import Coupling as Coupling
from tfflows.layers.images import FactorOut as FactorOut
from tfflows.layers.images import Flatten as Flatten
from tfflows.layers.images import JoinColumns as JoinColumns
from tfflows.layers.images import Logit as Logit
from tfflows.layers.images import SplitColumns as SplitColumns
from tfflows.layers.images import Squeeze as Squeeze
from tfflows.layers.inverse import Inverse as Inverse
from tfflows.layers.linear import PlainLinear as PlainLinear
from tfflows.layers.linear import PLULinear as PLULinear
from tfflows.layers.linear import Reverse as Reverse
from tfflows.layers.linear import Shuffle as Shuffle
from tfflows.layers.plan import planned as planned
from tfflows.layers.planar import Planar as Planar
from tfflows.layers.planar import Radial as Radial
from tfflows.layers.prior import SplitPrior as SplitPrior
from tfflows.layers.prior import TopPrior as TopPrior
from tfflows.layers.scale import Rescale as Rescale
from tfflows.layers.scale import Scale as Scale

"""Generative models: Keras models whose call gives log-probabilities."""

from tfflows.models.base import GenerativeModel as GenerativeModel
from tfflows.models.dequantized import Dequantized as Dequantized
from tfflows.models.dequantized import make_flow as make_flow
from tfflows.models.flow import Flow as Flow
from tfflows.models.flow_matching import FlowMatching as FlowMatching
from tfflows.models.integer import IntegerFlow as IntegerFlow
from tfflows.models.ladder import LadderVAE as LadderVAE
from tfflows.models.latent import LatentVariableModel as LatentVariableModel
from tfflows.models.objective import MeanNegativeLogLikelihood as MeanNegativeLogLikelihood
from tfflows.models.pixels import PixelModel as PixelModel
from tfflows.models.reverse_kl import ReverseKL as ReverseKL
from tfflows.models.tabular import Tabular as Tabular
from tfflows.models.vae import VAE as VAE

"""Plain Keras networks, which compute the parameters of a flow's layers."""

from tfflows.networks.attention import AttentionNet as AttentionNet
from tfflows.networks.base import Network as Network
from tfflows.networks.causal import CausalTransformer as CausalTransformer
from tfflows.networks.convnet import ConvNet as ConvNet
from tfflows.networks.convnet import ScaledConv2D as ScaledConv2D
from tfflows.networks.densenet import DenseNet as DenseNet
from tfflows.networks.encoder import ConvDecoder as ConvDecoder
from tfflows.networks.encoder import ConvEncoder as ConvEncoder
from tfflows.networks.encoder import Encoder as Encoder
from tfflows.networks.gated import ContextNet as ContextNet
from tfflows.networks.groups import GroupedMADE as GroupedMADE
from tfflows.networks.lipschitz import LipschitzNet as LipschitzNet
from tfflows.networks.made import MADE as MADE
from tfflows.networks.masked_conv import MaskedConvNet as MaskedConvNet
from tfflows.networks.mlp import MLP as MLP
from tfflows.networks.pixelcnn import PixelCNN as PixelCNN
from tfflows.networks.residual import ResidualNet as ResidualNet
from tfflows.networks.resnet import ConvResNet as ConvResNet
from tfflows.networks.resnet import WeightNormConv2D as WeightNormConv2D
from tfflows.networks.transformer import Transformer as Transformer
from tfflows.networks.velocity import VelocityConvNet as VelocityConvNet
from tfflows.networks.velocity import VelocityMLP as VelocityMLP

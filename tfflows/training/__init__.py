"""Training and evaluation, under every `tf.distribute` strategy."""

from tfflows.training.evaluation import evaluate as evaluate
from tfflows.training.evaluation import log_probs as log_probs
from tfflows.training.evaluation import truth as truth
from tfflows.training.fitting import fit as fit
from tfflows.training.settings import TrainSettings as TrainSettings

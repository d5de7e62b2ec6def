"""Training and evaluation, under every `tf.distribute` strategy."""

from tfflows.training.checkpoints import check_not_shorter as check_not_shorter
from tfflows.training.evaluation import evaluate as evaluate
from tfflows.training.evaluation import nats_of as nats_of
from tfflows.training.evaluation import truth as truth
from tfflows.training.fitting import fit as fit
from tfflows.training.objective import make_objective as make_objective
from tfflows.training.objective import warnings as warnings
from tfflows.training.settings import TrainSettings as TrainSettings

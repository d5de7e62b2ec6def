"""Export: SavedModels with `log_prob`, `sample`, `encode` and `decode`, and the files that accompany them."""

from tfflows.export.card import summary as summary
from tfflows.export.provenance import environment as environment
from tfflows.export.saving import check_writable as check_writable
from tfflows.export.saving import export as export
from tfflows.export.saving import export_again as export_again
from tfflows.export.saving import renew_card as renew_card
from tfflows.export.training_scores import TRAINING_SCORES as TRAINING_SCORES
from tfflows.export.weights import load_weights as load_weights

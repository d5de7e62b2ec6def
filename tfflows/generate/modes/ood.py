"""Out-of-distribution detection: scores, and how well they distinguish another dataset from the test set."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from tfflows import figures
from tfflows.generate.densities import auroc
from tfflows.generate.outliers import Detector
from tfflows.generate.result import Result
from tfflows.generate.trained import Trained, first_examples
from tfflows.models import GenerativeModel


def ood(
    trained: Trained,
    *,
    other: str,
    methods: Sequence[str] | None = None,
    background: GenerativeModel | None = None,
    limit: int = 2000,
    seed: int = 0,
) -> Result:
    """Histograms of out-of-distribution scores of the test set and of another dataset, with the AUROC of each.

    Args:
        trained: A model without a condition.
        other: Name of another dataset with such events.
        methods: Some of `outliers.METHODS`; by default all that the model and the background have.
        background: Model of training images with random pixels, for the likelihood ratio.
        limit: Number of events of each set.
        seed: Seed of the dequantization noise.
    """
    detector = Detector(trained.model, trained.examples(limit, "train")["x"], background=background, seed=seed)
    inside = detector(trained.examples(limit)["x"], methods)
    outside = detector(first_examples(trained.like(other), limit)["x"], methods)
    figure = Figure(figsize=(4.5 * len(inside), 3.6))
    axes = figure.subplots(1, len(inside), squeeze=False)
    lines, arrays = [], {}
    for axis, name in zip(axes[0], inside, strict=True):
        value = auroc(inside[name], outside[name])
        figures.draw_histograms(axis, {trained.dataset: inside[name], other: outside[name]}, name)
        axis.set_title(f"AUROC {value:.3f}")
        lines.append(f"{name}: AUROC {value:.4f}")
        arrays |= {f"{name}_inside": inside[name], f"{name}_outside": outside[name]}
    return Result(figures.rendered(figure), arrays, "\n".join(lines))

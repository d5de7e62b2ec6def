"""How good samples are: precision and recall, and the Frechet distance, of features of samples and of real events."""

import numpy as np
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors

from tfflows.errors import check

NEIGHBORS = 3


def precision_and_recall(real: np.ndarray, drawn: np.ndarray, *, neighbors: int = NEIGHBORS) -> tuple[float, float]:
    """The share of samples that look real, and the share of real events that samples look like.

    A point looks like a set if it is in one of its balls: each point of the set has a ball that reaches its `neighbors`
    nearest neighbor.

    Args:
        real: Features of real events, `[rows, features]`.
        drawn: Features of samples.
        neighbors: The number of the neighbor that sets the radius of a ball.

    Raises:
        InputError: There are not more rows than `neighbors`.

    Source: Kynkaanniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models" (1904.06991),
    section 2, equations 1 and 2.
    Differs from the paper: the features are not those of VGG-16.
    """
    fewest = min(len(real), len(drawn))
    check(fewest > neighbors, f"Expected more than {neighbors} events and samples.", rows=fewest)
    return _covered(drawn, real, neighbors), _covered(real, drawn, neighbors)


def _covered(points: np.ndarray, support: np.ndarray, neighbors: int) -> float:
    """The share of the points that are in a ball of the support."""
    index = NearestNeighbors(n_neighbors=neighbors + 1).fit(support)  # the nearest neighbor of a point is itself
    radii = index.kneighbors(support)[0][:, -1]
    inside = [np.any(part <= radii, axis=1) for part in pairwise_distances_chunked(points, support)]
    return float(np.mean(np.concatenate(inside)))


def frechet_distance(real: np.ndarray, drawn: np.ndarray) -> float:
    """The squared Frechet distance of two normal distributions, those with the means and covariances of the features.

        |m_1 - m_2|^2 + trace(C_1 + C_2 - 2 * (C_1 C_2)^(1/2))

    Args:
        real: Features of real events, `[rows, features]`.
        drawn: Features of samples.

    Source: Heusel et al., "GANs Trained by a Two Time-Scale Update Rule" (1706.08500), equation 6.
    Differs from the paper: the features are not those of Inception, so it is not the FID.
    """
    first, second = (np.cov(x, rowvar=False) for x in (real, drawn))
    root = _root(first)
    product = np.linalg.eigvalsh(root @ second @ root)
    trace = np.trace(first) + np.trace(second) - 2 * np.sum(np.sqrt(np.maximum(product, 0)))
    return float(np.sum((real.mean(0) - drawn.mean(0)) ** 2) + trace)


def _root(matrix: np.ndarray) -> np.ndarray:
    """The root of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T

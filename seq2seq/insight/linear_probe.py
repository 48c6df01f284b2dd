"""Linear probes in closed form: the best of ridge regression and linear discriminant analysis.

A probe guesses a class from a vector x: the class with the largest output w·x + b. Nothing is drawn at random and
nothing is iterated, so the same examples give the same probe.

Ridge regression onto one-hot classes (Hoerl & Kennard 1970) falls back on the most frequent class where the vectors
say little. With many classes it overlooks those whose vectors lie between the others ("masking": Hastie, Tibshirani,
Friedman, The Elements of Statistical Learning, section 4.2). Discriminant analysis (Fisher 1936; regularised as in
Friedman 1989) does not, and is at least as good where the vectors say much. The validation examples choose.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

STRENGTHS = (10.0, 1.0, 0.1, 0.01, 1e-3, 1e-4)  # multiples of the mean variance of the vectors' components
Method = Literal["ridge", "discriminant"]


class Examples(NamedTuple):
    """Vectors with the class of each one."""

    vectors: Float[Tensor, "examples size"]
    classes: Int[Tensor, " examples"]


class LinearProbe(NamedTuple):
    """A trained probe."""

    classes: Int[Tensor, " classes"]  # those of the training examples: no other class is ever guessed
    weights: Float[Tensor, "size classes"]
    bias: Float[Tensor, " classes"]
    method: Method
    strength: float  # of the regularisation: a multiple of the mean variance of the training vectors' components

    def guess(self, vectors: Float[Tensor, "examples size"]) -> Int[Tensor, " examples"]:
        """Return the guessed class of each vector."""
        outputs = vectors.to(self.weights.dtype) @ self.weights + self.bias
        return self.classes[outputs.argmax(dim=1)]


class Statistics(NamedTuple):
    """All that the probes need of the training examples. Double precision, because units can be correlated."""

    classes: Int[Tensor, " classes"]
    frequencies: Float[Tensor, " classes"]  # they sum to 1
    center: Float[Tensor, " size"]  # the mean of all vectors
    means: Float[Tensor, "classes size"]  # of each class's vectors, minus the center
    covariance: Float[Tensor, "size size"]
    mean_variance: float  # of the vectors' components


def fit_probe(training: Examples, validation: Examples, strengths: tuple[float, ...] = STRENGTHS) -> LinearProbe:
    """Return the probe with the most correct guesses on the validation examples, of all methods and strengths.

    Args:
        training: one example or more.
        validation: if several probes are equally good, the first one is taken: ridge regression before discriminant
            analysis, and a larger strength before a smaller one.
        strengths: how much to regularise. Each is above 0.
    """
    statistics = summarise(training)
    strengths = tuple(sorted(strengths, reverse=True))
    probes = [*ridge_probes(statistics, strengths), *discriminant_probes(statistics, strengths)]
    return max(probes, key=lambda probe: int((probe.guess(validation.vectors) == validation.classes).sum()))


def summarise(examples: Examples) -> Statistics:
    """Return the statistics of training examples."""
    classes, members, counts = torch.unique(examples.classes, return_inverse=True, return_counts=True)
    vectors = examples.vectors.double()
    center = vectors.mean(dim=0)
    vectors = vectors - center
    sums = vectors.new_zeros(len(classes), vectors.shape[1]).index_add_(0, members, vectors)
    covariance = vectors.T @ vectors / len(vectors)
    variance = covariance.diagonal().mean().item()
    return Statistics(
        classes=classes,
        frequencies=counts.double() / len(vectors),
        center=center,
        means=sums / counts.unsqueeze(1),
        covariance=covariance,
        mean_variance=variance or 1.0,  # all vectors may be equal
    )


def ridge_probes(statistics: Statistics, strengths: tuple[float, ...]) -> Iterator[LinearProbe]:
    """Yield the ridge regression of each strength.

    The weights W and the bias b minimise ‖XW + b − Y‖² / n + λ‖W‖². The n rows of X are the training vectors, the rows
    of Y are their one-hot classes, and λ is the strength times the mean variance. The bias is not penalised.
    """
    classes, frequencies, center, means, covariance, _ = statistics
    correlations = means.T * frequencies  # XᵀY / n, of centered X
    for strength, weights in solve(covariance, correlations, statistics.mean_variance, strengths):
        yield LinearProbe(classes, weights, frequencies - center @ weights, "ridge", strength)


def discriminant_probes(statistics: Statistics, strengths: tuple[float, ...]) -> Iterator[LinearProbe]:
    """Yield the linear discriminant analysis of each strength.

    Each class is a normal distribution around its mean; all classes share the covariance within the classes, to which
    λI is added. The output for a class is its log-probability, up to a constant.
    """
    classes, frequencies, center, means, covariance, _ = statistics
    within = covariance - (means.T * frequencies) @ means
    for strength, weights in solve(within, means.T, statistics.mean_variance, strengths):
        bias = frequencies.log() - 0.5 * (means.T * weights).sum(dim=0) - center @ weights
        yield LinearProbe(classes, weights, bias, "discriminant", strength)


def solve(
    matrix: Float[Tensor, "size size"],
    right: Float[Tensor, "size classes"],
    scale: float,
    strengths: tuple[float, ...],
) -> Iterator[tuple[float, Float[Tensor, "size classes"]]]:
    """Yield each strength with (matrix + strength · scale · I)⁻¹ right, from one eigendecomposition of the matrix."""
    eigenvalues, basis = torch.linalg.eigh(matrix)
    right = basis.T @ right
    for strength in strengths:
        yield strength, basis @ (right / (eigenvalues.clamp(min=0) + strength * scale).unsqueeze(1))

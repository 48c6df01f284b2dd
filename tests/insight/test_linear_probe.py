"""Linear probes find what is in the vectors, and no more."""

import math

import pytest
import torch
from hypothesis import given
from random_models import quick, seeds
from torch import Tensor

from seq2seq.insight.linear_probe import (
    Examples,
    LinearProbe,
    discriminant_probes,
    fit_probe,
    ridge_probes,
    summarise,
)

STRENGTH = 0.1


def random_examples(seed: int, count: int = 40, size: int = 5, classes: int = 4) -> Examples:
    generator = torch.Generator().manual_seed(seed)
    members = torch.randint(classes, (count,), generator=generator)
    centers = torch.randn(classes, size, generator=generator)
    return Examples(centers[members] + torch.randn(count, size, generator=generator), 10 + 3 * members)


def accuracy(probe: LinearProbe, examples: Examples) -> float:
    return (probe.guess(examples.vectors) == examples.classes).double().mean().item()


def one_hot(classes: Tensor) -> Examples:
    return Examples(torch.nn.functional.one_hot(classes, 50).float(), classes)


def test_vectors_that_contain_the_class_exactly_give_it_back() -> None:
    generator = torch.Generator().manual_seed(0)
    frequencies = 1.0 / torch.arange(1, 51)  # frequent and rare classes, as tokens are
    training, validation, test = (
        one_hot(torch.multinomial(frequencies, count, replacement=True, generator=generator))
        for count in (3000, 200, 200)
    )
    assert accuracy(fit_probe(training, validation), test) == 1.0


def test_random_vectors_give_the_accuracy_of_the_most_frequent_class_or_less() -> None:
    generator = torch.Generator().manual_seed(0)
    frequencies = torch.tensor([0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
    training, validation, test = (
        Examples(
            torch.randn(count, 64, generator=generator),
            torch.multinomial(frequencies, count, replacement=True, generator=generator),
        )
        for count in (2000, 1000, 2000)
    )
    baseline = (test.classes == training.classes.bincount().argmax()).double().mean().item()
    noise = 3 * math.sqrt(baseline * (1 - baseline) / 2000)
    assert accuracy(fit_probe(training, validation), test) <= baseline + noise


@quick
@given(seeds)
def test_ridge_regression_is_the_solution_of_least_squares(seed: int) -> None:
    """The penalty is a row √λ I below the centered vectors, whose target is 0."""
    examples = random_examples(seed)
    count, size = examples.vectors.shape
    vectors, center = examples.vectors.double(), examples.vectors.double().mean(dim=0)
    targets = (examples.classes.unsqueeze(1) == examples.classes.unique()).double()
    penalty = STRENGTH * (vectors - center).square().mean()
    rows = torch.cat([(vectors - center) / math.sqrt(count), penalty.sqrt() * torch.eye(size)])
    right = torch.cat([(targets - targets.mean(dim=0)) / math.sqrt(count), torch.zeros(size, targets.shape[1])])
    expected = torch.linalg.lstsq(rows, right).solution

    [probe] = ridge_probes(summarise(examples), (STRENGTH,))
    torch.testing.assert_close(probe.weights, expected)
    torch.testing.assert_close(probe.bias, targets.mean(dim=0) - center @ expected)


@quick
@given(seeds)
def test_discriminant_analysis_compares_normal_distributions(seed: int) -> None:
    examples = random_examples(seed)
    vectors, classes = examples.vectors.double(), examples.classes.unique()
    means = torch.stack([vectors[examples.classes == number].mean(dim=0) for number in classes])
    residuals = vectors - means[torch.searchsorted(classes, examples.classes)]
    penalty = STRENGTH * (vectors - vectors.mean(dim=0)).square().mean()
    covariance = residuals.T @ residuals / len(vectors) + penalty * torch.eye(vectors.shape[1])
    priors = (examples.classes.unsqueeze(1) == classes).double().mean(dim=0).log()
    expected = torch.stack(
        [
            prior + torch.distributions.MultivariateNormal(mean, covariance).log_prob(vectors)
            for mean, prior in zip(means, priors, strict=True)
        ],
        dim=1,
    )

    [probe] = discriminant_probes(summarise(examples), (STRENGTH,))
    outputs = vectors @ probe.weights + probe.bias
    torch.testing.assert_close(outputs.softmax(dim=1), expected.softmax(dim=1))


def test_a_class_between_two_others_is_masked_in_ridge_regression_only() -> None:
    """The example of Hastie, Tibshirani and Friedman, figure 4.2: three classes in a row."""
    generator = torch.Generator().manual_seed(0)
    classes = torch.arange(3).repeat(100)
    vectors = classes.unsqueeze(1) + 0.05 * torch.randn(300, 1, generator=generator)
    examples = Examples(vectors, classes)
    [ridge] = ridge_probes(summarise(examples), (1e-4,))
    assert accuracy(ridge, examples) < 0.8
    chosen = fit_probe(examples, examples)
    assert chosen.method == "discriminant"
    assert accuracy(chosen, examples) == 1.0


@quick
@given(seeds)
def test_the_same_examples_give_the_same_probe(seed: int) -> None:
    examples, validation = random_examples(seed), random_examples(seed + 1)
    first, second = fit_probe(examples, validation), fit_probe(examples, validation)
    for left, right in zip(first, second, strict=True):
        assert torch.equal(left, right) if isinstance(left, Tensor) else left == right


@pytest.mark.parametrize("classes", [[4, 7, 7], [7]])
def test_equal_vectors_are_guessed_as_the_most_frequent_class(classes: list[int]) -> None:
    examples = Examples(torch.ones(len(classes), 3), torch.tensor(classes))
    probe = fit_probe(examples, examples)
    assert probe.guess(torch.ones(2, 3)).tolist() == [7, 7]


def test_validation_may_have_classes_that_training_has_not() -> None:
    training, validation = random_examples(0, classes=2), random_examples(1, classes=4)
    assert set(fit_probe(training, validation).guess(validation.vectors).tolist()) <= {10, 13}

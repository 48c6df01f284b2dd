"""Sentences of random words, and damaged ones, that the tests of scores share."""

import random

WORDS = ["the", "a", "Dog", "cat", "sees", "under", "bridge", "house", ",", ".", "don't", "3.5", "%", "Höhe", "日本"]


def corpus(seed: int, sentences: int = 60) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=draw.randint(1, 30))) for _ in range(sentences)]


def damaged(lines: list[str], share: float, seed: int) -> list[str]:
    """The lines with that share of their words replaced by others."""
    draw = random.Random(seed)
    return [" ".join(draw.choice(WORDS) if draw.random() < share else word for word in line.split()) for line in lines]


REFERENCES = corpus(1)
HYPOTHESES = damaged(REFERENCES, 0.2, seed=2)

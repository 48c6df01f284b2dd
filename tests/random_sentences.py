"""Random sentences, and damaged copies of them, for the tests of scores."""

import random

WORDS = ["the", "a", "Dog", "cat", "sees", "under", "bridge", "house", ",", ".", "don't", "3.5", "%", "Höhe", "日本"]


def corpus(seed: int, sentences: int = 60) -> list[str]:
    """Return sentences of 1 to 30 random words."""
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=draw.randint(1, 30))) for _ in range(sentences)]


def damaged(lines: list[str], fraction: float, seed: int) -> list[str]:
    """Return the lines with about that fraction of their words replaced by random ones."""
    draw = random.Random(seed)
    return [
        " ".join(draw.choice(WORDS) if draw.random() < fraction else word for word in line.split()) for line in lines
    ]


REFERENCES = corpus(1)
HYPOTHESES = damaged(REFERENCES, 0.2, seed=2)

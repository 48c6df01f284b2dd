"""Make scored runs without training, with their test set and conditions, for the tests of a comparison's results."""

from pathlib import Path

from random_sentences import REFERENCES, damaged

from seq2seq.comparison.analysis import compute_results
from seq2seq.comparison.finished_runs import FinishedRun
from seq2seq.comparison.results import Conditions
from seq2seq.comparison.test_sets import AnnotatedTestSet, ScoredRun
from seq2seq.evaluation.evaluate import Evaluation, EvaluationSet
from seq2seq.evaluation.metrics import Scores, bleu, chrf
from seq2seq.provenance import Provenance
from seq2seq.recipe import Recipe
from seq2seq.run_metrics import EpochMetrics
from seq2seq.search.options import SearchOptions
from seq2seq.text.corpus import CorpusOptions

GOLD = ["0-0 1-1 2-1"] * len(REFERENCES)
PHENOMENA = [["odd"] if row % 2 else ["even", "third"][: 1 + (row % 3 == 0)] for row in range(len(REFERENCES))]
PAIRS = EvaluationSet("test", REFERENCES, REFERENCES)
TEST = AnnotatedTestSet(PAIRS, "test", GOLD, PHENOMENA)
CONDITIONS = Conditions("x", {}, [], {}, {}, [], {}, "seq2seq compare x.yaml", {})
EPOCH = EpochMetrics(
    epoch=1.0,
    update=9.0,
    training_loss=1.0,
    validation_loss=1.0,
    validation_bleu=5.5,
    learning_rate=0.1,
    tokens_per_second=100.0,
)


def scored_run(variant: str, seed: int, fraction: float, links: list[tuple[int, int]] | None = None) -> ScoredRun:
    """Return a run whose translations are the references with that fraction of the words damaged."""
    texts = damaged(REFERENCES, fraction, seed)
    corpus = CorpusOptions("x")
    run = FinishedRun(variant, seed, Path(), Recipe(corpus), corpus, Provenance(training_seconds=60.0), [EPOCH])
    scores = Scores(bleu(texts, REFERENCES), bleu(texts, REFERENCES, lowercase=True), chrf(texts, REFERENCES))
    evaluation = Evaluation("test", "beam 5", SearchOptions(), scores, PAIRS.fingerprint(), 2.0, texts)
    return ScoredRun(run, {"test": evaluation}, [links] * len(texts) if links else [])


RUNS = [
    *(scored_run("bottleneck", seed, 0.5) for seed in (2, 1)),
    *(scored_run("bahdanau", seed, 0.2, [(0, 0), (1, 1)]) for seed in (1, 2)),
]
RESULTS = compute_results(RUNS, [TEST], CONDITIONS)

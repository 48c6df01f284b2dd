"""Train English to Chinese and back on 400 pairs: `pytest -s tests/benchmarks/test_languages.py` prints the scores."""

from pathlib import Path

import pytest
import torch
from toy_languages import write_toy_corpus

from seq2seq.evaluation.evaluate import format_scores
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.training.train import train

RECIPE = """
corpus: {path: CORPUS}
tokenizer: {vocab_size: 450}
model:
  embedding: 64
  encoder: {hidden: 64, dropout: 0.1}
  decoder: {hidden: 128, dropout: 0.1, context: {class_path: AdditiveAttention, init_args: {size: 64}}}
training: {batch_tokens: 400, learning_rate: 0.005, warmup_updates: 20}
trainer: {max_epochs: 15, accelerator: cpu, enable_progress_bar: false, gradient_clip_val: 1.0}
search: {beam_size: 5}
"""


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("source", "target", "tokenizer"), [("en", "zh", "zh"), ("zh", "en", "13a")])
def test_a_toy_language_is_learned_and_its_best_weights_are_kept(
    source: str, target: str, tokenizer: str, tmp_path: Path
) -> None:
    corpus = write_toy_corpus(tmp_path, train=400, validation=50, test=100)
    path = tmp_path / "toy.yaml"
    path.write_text(RECIPE.replace("CORPUS", str(corpus)), encoding="utf-8")
    run = Run(tmp_path / "run")
    recipe = Recipe.load(path, ["--corpus.source", source, "--corpus.target", target])
    evaluations = train(recipe, run)
    print(f"\n{source} to {target}, seed {recipe.seed}\n{format_scores(evaluations)}")
    rows = run.metrics()
    best = max(rows, key=lambda row: (row.validation_bleu, -row.validation_loss))
    print(f"best epoch: {best.epoch:g} of {len(rows)}, validation BLEU {best.validation_bleu:.2f}")
    assert torch.load(run.last_checkpoint, weights_only=True)["plateau"]["update"] == best.update > rows[0].update
    bleu = evaluations[-1].scores.bleu
    assert f"|tok:{tokenizer}|" in bleu.signature
    assert bleu.value > 50

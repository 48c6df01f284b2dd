"""A corpus and a recipe so small that a training takes a second."""

import json
import shutil
from itertools import islice
from pathlib import Path

GRAMMAR = Path(__file__).parent.parent / "data" / "grammar"
RECIPE = """
corpus: {path: CORPUS}
tokenizer: {vocab_size: 400}
model:
  embedding: 16
  encoder: {hidden: 8, dropout: 0.1}
  decoder: {hidden: 16, dropout: 0.1, context: {class_path: AdditiveAttention, init_args: {size: 8}}}
training: {batch_tokens: 400, learning_rate: 0.01, schedule: constant}
trainer: {max_epochs: 2, accelerator: cpu, enable_progress_bar: false}
search: {beam_size: 2}
"""


def write_corpus(folder: Path, longest: int = 6, **rows: int) -> Path:
    """Write the first sentences of the grammar corpus's splits, and its README, which names the splits' files.

    Args:
        folder: where to write.
        longest: the most words of a German sentence; test_long has sentences of any length.
        rows: the number of sentences of each split.
    """
    shutil.copy(GRAMMAR / "README.md", folder)
    for split, count in {"test_long": 3, **rows}.items():
        with (GRAMMAR / f"{split}.jsonl").open(encoding="utf-8") as file:
            fits = (row for row in file if split == "test_long" or len(json.loads(row)["de"].split()) <= longest)
            (folder / f"{split}.jsonl").write_text("".join(islice(fits, count)), encoding="utf-8")
    return folder

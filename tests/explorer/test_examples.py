"""The examples are the first sentences of the test split, or none."""

from pathlib import Path

from seq2seq.explorer.examples import Example, read_examples
from seq2seq.run import Run


def test_the_first_sentences_of_the_test_split_are_read(untrained_run: Path) -> None:
    examples = read_examples(Run(untrained_run))
    assert len(examples) == 20
    assert all(isinstance(example, Example) and example.source and example.reference for example in examples)


def test_a_corpus_that_cannot_be_read_has_no_examples(untrained_run: Path, tmp_path: Path) -> None:
    assert read_examples(Run(untrained_run), ["--corpus.path", str(tmp_path)]) == []
    assert read_examples(Run(tmp_path)) == []

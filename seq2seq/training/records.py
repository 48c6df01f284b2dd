"""Record what a run is made with: its provenance, and the fingerprints of its data and batches."""

import hashlib
import sys
from dataclasses import replace

import datasets

from seq2seq.model.encoder_decoder import count_parameters
from seq2seq.provenance import Provenance, SplitFingerprint, hardware, versions
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.text.batching import Batching, ProcessRank, epoch_batches, pair_lengths
from seq2seq.text.normalisation import normalise
from seq2seq.text.opening import Rows
from seq2seq.text.sentence_splitter import share_with_several
from seq2seq.text.tokenizer import Tokenizer
from seq2seq.training.corpus import Corpus
from seq2seq.training.datamodule import TranslationDataModule
from seq2seq.training.module import TranslationModule
from seq2seq.training.resuming import earlier_values

STREAM_SAMPLE = 5_000  # pairs of a stream that are looked at for several sentences on a line


def record_provenance(
    recipe: Recipe, corpus: Corpus, tokenizer: Tokenizer, module: TranslationModule, data: TranslationDataModule
) -> Provenance:
    """Return the provenance of a training that begins now."""
    splits = {recipe.corpus.train: corpus.training, recipe.corpus.validation: corpus.validation}
    return Provenance(
        seed=recipe.seed,
        parameters=count_parameters(module.model),
        tokenizer=tokenizer.fingerprint,
        data={split: fingerprint(rows) for split, rows in splits.items()},
        several_sentences=measure_several_sentences(corpus.training),
        batches=fingerprint_batches(data.training, data.batching),
        versions=versions(),
        hardware=hardware(use_gpu=recipe.trainer.get("accelerator") != "cpu"),
        commands=[" ".join(["seq2seq", *sys.argv[1:]])],
        finished=False,
    )


def continue_provenance(run: Run, recipe: Recipe, provenance: Provenance) -> Provenance:
    """Add the records of the trainings before it to a new training's provenance: commands, time, earlier values."""
    before = run.provenance()
    return replace(
        provenance,
        earlier=earlier_values(run, recipe, provenance.versions),
        commands=[*before.commands, *provenance.commands],
        training_seconds=before.training_seconds,
    )


def fingerprint(rows: Rows) -> SplitFingerprint:
    """Return the number of pairs and the SHA-256 of their normalised text. Both are None for a stream."""
    if isinstance(rows, datasets.IterableDataset):
        return SplitFingerprint(None, None)
    digest = hashlib.sha256()
    for source, target in zip(rows["source"], rows["target"], strict=True):
        digest.update(f"{normalise(source)}\t{normalise(target)}\n".encode())
    return SplitFingerprint(len(rows), digest.hexdigest())


def measure_several_sentences(rows: Rows) -> float:
    """Return the share of source lines that have several sentences. Of a stream, its beginning is read."""
    is_stream = isinstance(rows, datasets.IterableDataset)
    sources = [row["source"] for row in rows.take(STREAM_SAMPLE)] if is_stream else rows["source"]
    return share_with_several(map(normalise, sources))


def fingerprint_batches(rows: Rows, batching: Batching) -> str | None:
    """Return the SHA-256 of the first epoch's batches, in their order; None for a stream."""
    if isinstance(rows, datasets.IterableDataset):
        return None
    lengths = pair_lengths(rows.select_columns(["source_ids", "target_ids"]))
    return hashlib.sha256(str(epoch_batches(lengths, batching, 0, ProcessRank())).encode()).hexdigest()

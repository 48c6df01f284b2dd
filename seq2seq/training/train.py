"""Train from end to end: load the corpus, train a tokenizer, build the model, fit it, save it, score it.

Every process of a training runs all of this; only the first one writes.
"""

import time
from dataclasses import asdict, replace

import datasets
import torch

from seq2seq.errors import UserError
from seq2seq.evaluation.evaluate import Evaluation, EvaluationSet, evaluate, search_name, single_best
from seq2seq.evaluation.metrics import make_metric
from seq2seq.model.encoder_decoder import EncoderDecoder, check_model_fits, count_parameters
from seq2seq.model.size import check_fits
from seq2seq.plotting.figures import learning_curves
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.run_files import CURVES, remove_run_leftovers
from seq2seq.text.batching import tokenise_rows
from seq2seq.text.tokenizer import Tokenizer
from seq2seq.training.corpus import Corpus, load_corpus, train_tokenizer
from seq2seq.training.datamodule import TranslationDataModule
from seq2seq.training.module import TranslationModule
from seq2seq.training.prepare import Plan, clear_folder, lock, make_plan
from seq2seq.training.processes import print_once
from seq2seq.training.records import continue_provenance, record_provenance
from seq2seq.training.resuming import check_checkpoint, check_data, repair
from seq2seq.training.trainer import check_training, fit, make_trainer
from seq2seq.training.trainer_options import check_trainer_options
from seq2seq.training.training_page import write_training_page


def train(recipe: Recipe, run: Run, resume: bool = False, force: bool = False) -> list[Evaluation]:
    """Train a recipe into a run's folder, or go on with the training that is there, and score the best epoch.

    The same call is right whenever the training before it was stopped: it starts, goes on after the last epoch, or only
    scores what is not scored yet.

    Args:
        recipe: the recipe to train.
        run: the folder to write.
        resume: do not start where there is no run.
        force: delete the run that is there, once everything that a mistake can stop is done.

    Returns:
        the evaluations of the test split: greedy, and with the recipe's search. Empty without a test split.

    Raises:
        UserError: an option, the corpus or the folder does not fit: nothing was changed. Or the training failed: what
            was trained so far stays, and the same call goes on with it.
    """
    check_trainer_options(recipe.trainer)
    make_metric("bleu", recipe.metric_tokenizer)  # raises UserError if its packages are missing
    with lock(run):
        plan = make_plan(run, recipe, resume, force)
        if run.writes:
            remove_run_leftovers(run.folder)
        if plan is Plan.FINISHED:
            print_once(f"{run}: trained to its end already; --force trains it anew")
            try:
                repair(run)
            except UserError as error:  # the run is whole without it
                print_once(f"warning: {error}")
            return finish(recipe, run)
        goes_on = plan is Plan.GO_ON

        corpus = load_corpus(recipe)
        tokenizer = run.load_tokenizer() if goes_on else train_tokenizer(recipe, corpus.training)
        check_training_memory(recipe, corpus, tokenizer)
        torch.manual_seed(recipe.seed)
        model = recipe.build_model(tokenizer.source_size, tokenizer.target_size)
        print_once(describe(recipe, corpus, tokenizer, model))

        data = tokenise_corpus(recipe, corpus, tokenizer)
        module = TranslationModule(
            model, tokenizer, recipe.training, data.validation, recipe.seed, recipe.corpus.target, recipe.evaluation
        )
        trainer = make_trainer(recipe, run)
        check_training(trainer, recipe.training, data)
        provenance = record_provenance(recipe, corpus, tokenizer, module, data)
        if goes_on:
            check_data(run, provenance)
            updates = check_checkpoint(run, module, recipe)
            print_once(f"{run}: goes on after update {updates:,}")
            provenance = continue_provenance(run, recipe, provenance)

        # Nothing was written or deleted so far. From here on, the folder changes.
        recipe_with_paths = replace(recipe, corpus=recipe.corpus.absolute())
        if goes_on:
            repair(run)
            run.save_provenance(provenance)  # says that the run is not finished, before its recipe says what it will be
            run.save_recipe(recipe_with_paths)
        else:
            clear_folder(run)
            run.save_recipe(recipe_with_paths)  # makes the folder a run's
            run.save_tokenizer(tokenizer)
            run.save_provenance(provenance)

        started = time.monotonic()
        finished = False
        try:
            fit(trainer, module, data, run, goes_on)
            finished = True
        finally:
            seconds = (provenance.training_seconds or 0.0) + time.monotonic() - started
            if run.exists():  # not if somebody has deleted the folder
                run.save_provenance(replace(provenance, training_seconds=seconds, finished=finished))
        return finish(recipe, run)


def finish(recipe: Recipe, run: Run) -> list[Evaluation]:
    """Draw a finished training, and score its best weights on the test split."""
    if not run.writes:
        return []
    if rows := run.metrics():
        learning_curves(run.folder / CURVES, [asdict(row) for row in rows])
        write_training_page(run, recipe.corpus)
    return score_test_split(recipe, run)


def check_training_memory(recipe: Recipe, corpus: Corpus, tokenizer: Tokenizer) -> None:
    """Check, before anything is allocated, that this machine can hold the model, Adam's state and a batch.

    Raises:
        UserError: it cannot. A GPU's own memory is not checked here.
    """
    weights_gradients_and_means = 4
    check_model_fits(
        recipe.model, tokenizer.source_size, tokenizer.target_size, tokenizer.joint, weights_gradients_and_means
    )
    if isinstance(corpus.training, datasets.IterableDataset):
        return
    characters = sum(
        max(map(len, pair)) for pair in zip(corpus.training["source"], corpus.training["target"], strict=True)
    )
    tokens = min(recipe.training.batch_tokens, characters)
    model = recipe.model
    states = model.encoder.hidden * model.encoder.layers + model.decoder.hidden * model.decoder.layers
    check_fits(
        4 * tokens * (2 * model.embedding + 8 * states),
        f"a batch of {tokens:,} tokens",
        "make training.batch_tokens smaller",
    )


def tokenise_corpus(recipe: Recipe, corpus: Corpus, tokenizer: Tokenizer) -> TranslationDataModule:
    """Return the batches of a corpus. A stream is tokenised while it is read."""
    is_stream = isinstance(corpus.training, datasets.IterableDataset)
    training = corpus.training if is_stream else tokenise_rows(corpus.training, tokenizer)
    validation = tokenise_rows(corpus.validation, tokenizer)
    assert isinstance(validation, datasets.Dataset)
    return TranslationDataModule(
        training, validation, tokenizer, recipe.training, recipe.tokenizer.sampling, recipe.seed
    )


def score_test_split(recipe: Recipe, run: Run) -> list[Evaluation]:
    """Score the best weights on the test split, greedily and with the recipe's search; empty without a test split.

    Scores that are there already are not computed again.
    """
    if not recipe.corpus.test:
        return []
    test_set = EvaluationSet.from_split(recipe.corpus, recipe.corpus.test)
    search = single_best(recipe.search)
    translator = None
    evaluations = []
    for options in sorted({replace(search, beam_size=1), search}, key=lambda options: options.beam_size):
        evaluation = run.load_evaluation(test_set.name, search_name(options))
        if evaluation is None or not evaluation.is_of(test_set, options, recipe.metric_tokenizer):
            translator = translator or run.load_translator()
            evaluation = evaluate(translator, test_set, options, tokenizer=recipe.metric_tokenizer)
            run.save_evaluation(evaluation)
        evaluations.append(evaluation)
    return evaluations


def describe(recipe: Recipe, corpus: Corpus, tokenizer: Tokenizer, model: EncoderDecoder) -> str:
    """Return a description of the training, for the terminal."""
    is_stream = isinstance(corpus.training, datasets.IterableDataset)
    pairs = "a stream of" if is_stream else f"{len(corpus.training):,}"
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in corpus.rejected.items()) or "none"
    metric = recipe.metric_tokenizer
    guessed = f" (guessed from corpus.target {recipe.corpus.target})" if recipe.evaluation.tokenizer == "auto" else ""
    return (
        f"{recipe.corpus.path}: {pairs} training pairs (left out: {left_out}), {len(corpus.validation):,} to validate\n"
        f"{tokenizer.source_size:,} source and {tokenizer.target_size:,} target tokens"
        f"{' (joint)' if tokenizer.joint else ''}; {count_parameters(model):,} parameters"
        + (f"\nBLEU: sacreBLEU's tokenizer {metric}{guessed}" if metric != "13a" else "")
    )

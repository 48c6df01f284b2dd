"""Write the sections of a report after the scores: alignment, phenomena, learning, costs, examples, conditions."""

from pathlib import Path

import yaml

from seq2seq.comparison.controls import CONTROLS, checked_keys
from seq2seq.comparison.examples import EXAMPLES, FIGURES
from seq2seq.comparison.formatting import format_difference, format_range, format_spread
from seq2seq.comparison.report_scores import spread_caption
from seq2seq.comparison.results import ComparisonResults, Conditions
from seq2seq.plotting import charts
from seq2seq.plotting.document import Block, Code, Heading, Paragraph, Picture, Table, Together


def alignment_section(results: ComparisonResults) -> list[Block]:
    """Return the alignment error rates. Return nothing without gold alignments, or if no variant attends."""
    alignment = results.alignment
    if not alignment or not alignment.rates:
        return []
    rows = [["variant", "alignment error rate"]]
    rows += [[name, format_spread(rate)] for name, rate in alignment.rates.items()]
    rows += [
        ["baseline: the diagonal", f"{alignment.diagonal:.2f}"],
        ["upper bound with one link per target word", f"{alignment.upper_bound:.2f}"],
    ]
    text = (
        f"The model reads the reference translations of {results.test_sets[0].label}. Each target word is linked to "
        "the source word that has the largest attention weight. The alignment error rate compares these links with the "
        "gold links (Och and Ney 2003): 0 is best, 1 is worst. The baseline needs no learning. The upper bound can "
        "be above 0, because a target word may have several gold links."
    )
    return [Heading(2, "Alignment"), Paragraph(text), Table(rows)]


def phenomena_section(folder: Path, results: ComparisonResults) -> list[Block]:
    """Return the percentages of correct translations. Return nothing if the corpus names no phenomena."""
    phenomena = results.phenomena
    if not phenomena:
        return []
    names = list(results.seeds)
    stem = f"{FIGURES}/phenomena"
    series = {name: [result.correct[name].values for result in phenomena.values()] for name in names}
    charts.bars(folder / stem, series, list(phenomena), ("translations equal to the reference, percent", ""))
    rows = [["phenomenon", "sentences", *names]]
    for phenomenon, result in phenomena.items():
        percentages = [format_spread(result.correct[name]) for name in names]
        rows.append([phenomenon, str(result.sentences), *percentages])
    label = results.test_sets[0].label
    caption = f"Sentences of {label} whose translation equals the reference, percent.{spread_caption(results)}"
    return [Heading(2, "By phenomenon"), Picture(stem, caption), Table(rows)]


def learning_section(folder: Path, results: ComparisonResults) -> list[Block]:
    """Return the learning curves: validation BLEU by updates."""
    stem = f"{FIGURES}/learning-curves"
    updates = {name: [point.update for point in points] for name, points in results.learning.items()}
    series = {name: [point.bleu.values for point in points] for name, points in results.learning.items()}
    charts.lines(folder / stem, series, updates, ("update", "validation BLEU, greedy"))
    caption = f"Validation BLEU of greedy translations during training.{spread_caption(results)}"
    return [Heading(2, "Learning"), Picture(stem, caption)]


def cost_section(results: ComparisonResults) -> list[Block]:
    """Return the parameters, updates and times of each variant."""
    speed_names = ["training, minutes", "training, target tokens/s", "translating, sentences/s"]
    rows = [["variant", "parameters", "epochs", "updates", *speed_names]]
    for name, costs in results.costs.items():
        parameters = f"{costs.parameters:,}" if costs.parameters else "unknown"
        counts = [format_range(costs.epochs), format_range(costs.updates)]
        minutes = f"{costs.training_seconds / 60:.1f}" if costs.training_seconds else "unknown"
        speeds = [f"{costs.tokens_per_second:,.0f}", f"{costs.sentences_per_second:,.1f}"]
        rows.append([name, parameters, *counts, minutes, *speeds])
    text = (
        "Times and speeds are means over seeds, as the runs measured them. Other work on the machines may have slowed "
        "the runs down. Hardware: "
    )
    by_variant = {name: ", ".join(costs.hardware) for name, costs in results.costs.items()}
    machines = "; ".join(f"{name}: {hardware}" for name, hardware in by_variant.items())
    if len(set(by_variant.values())) == 1:
        machines = next(iter(by_variant.values()))
    return [Heading(2, "Costs"), Table(rows), Paragraph(f"{text}{machines}.")]


def example_section(results: ComparisonResults) -> list[Block]:
    """Return the translations of the examples, side by side."""
    baseline, *_, other = results.seeds
    text = (
        f"The sentences of {results.test_sets[0].label} on which {baseline} and {other} differ most in sentence chrF, "
        f"with the first seed of each: up to {EXAMPLES} on which {other} is better, then up to {EXAMPLES} on which it "
        "is worse. They come from the longer half of the sentences."
    )
    blocks: list[Block] = [Heading(2, "Sentences with the largest differences"), Paragraph(text)]
    for example in results.examples:
        rows = [["", "text", "chrF"], ["source", example.source, ""], ["reference", example.reference, ""]]
        rows += [[name, shown.text, f"{shown.chrf:.2f}"] for name, shown in example.translations.items()]
        heading = f"Sentence {example.sentence}: {format_difference(example.gain)} chrF"
        parts: list[Block] = [Heading(3, heading), Table(rows, text=True)]
        if example.figure:
            caption = f"Attention weights while {example.attends} reads its own translation."
            parts.append(Picture(example.figure, caption))
        blocks.append(Together(parts))
    return blocks


def condition_section(results: ComparisonResults) -> list[Block]:
    """Return what readers need in order to trust the comparison and to repeat it."""
    conditions = results.conditions
    first, *_ = variants = list(results.seeds)
    different = [[key, *map(str, values.values())] for key, values in conditions.differences.items()]
    facts = [[name, value] for name, value in conditions.facts.items()]
    recipe = yaml.safe_dump(conditions.recipe, sort_keys=False, allow_unicode=True)
    return [
        Heading(2, "Conditions"),
        Paragraph(held_equal(conditions)),
        Heading(3, "Recipe keys in which the variants differ"),
        Table([["key", *variants], *different], text=True),
        *allowed_section(conditions),
        Heading(3, "What is held equal, and why"),
        control_table(),
        Heading(3, "How to repeat the comparison"),
        Code(conditions.command),
        Table([["fact", "value"], *facts, ["signatures", signatures(results)]], text=True),
        Heading(3, f"The recipe of {first}"),
        Code(recipe.rstrip()),
    ]


def held_equal(conditions: Conditions) -> str:
    """Return a sentence about what was checked to be equal, and what was not."""
    text = f"Held equal, and checked: {', '.join(checked_keys())}."
    if exceptions := [*conditions.allowed, *(f"{key} (not checked)" for key in conditions.unchecked)]:
        text += f" Except for: {', '.join(exceptions)}."
    return text


def allowed_section(conditions: Conditions) -> list[Block]:
    """Return the differences that `--allow-difference` accepted. Return nothing if there are none."""
    if not conditions.allowed:
        return []
    rows = [["key", "values"]]
    for key, sides in conditions.allowed.items():
        rows.append([key, "; ".join(f"{side}: {value}" for side, value in sides.items())])
    return [Heading(3, "Differences that were allowed"), Table(rows, text=True)]


def control_table() -> Table:
    """Return a table of the values that a comparison controls."""
    rows = [[control.key, control.source, control.scope.value, control.reason] for control in CONTROLS]
    return Table([["key", "recorded in", "equal for", "reason"], *rows], text=True)


def signatures(results: ComparisonResults) -> str:
    """Return sacreBLEU's signatures of the metrics and of the paired tests."""
    first = results.test_sets[0]
    tests = {
        result.signature
        for by_variant in first.differences.values()
        for difference in by_variant.values()
        for result in difference.by_seed
    }
    metrics = [f"{metric}: {signature}" for metric, signature in first.signatures.items()]
    return "; ".join([*metrics, *(f"paired test: {test}" for test in sorted(tests))])

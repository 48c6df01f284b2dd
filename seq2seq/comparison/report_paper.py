"""Write what a paper needs of a comparison: a paragraph about the methods, and a table in LaTeX."""

from collections.abc import Mapping
from typing import Any

from seq2seq.comparison.formatting import format_difference, format_range, format_spread
from seq2seq.comparison.report_scores import LABELS
from seq2seq.comparison.results import ComparisonResults, Conditions
from seq2seq.plotting.document import Block, Code, Heading, Paragraph

# LaTeX's own way to write a character that it would not print.
LATEX = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "−": "$-$",
    "–": "--",
    "…": r"\dots{}",
}


def paper_section(results: ComparisonResults) -> list[Block]:
    """Return the methods as a paragraph, and the scores as a table in LaTeX, to be pasted into a paper."""
    note = "Both say what this comparison did, and no more. The table needs the package booktabs."
    return [
        Heading(2, "For a paper"),
        Paragraph(note),
        Heading(3, "Methods"),
        Paragraph(methods(results)),
        Heading(3, "Table in LaTeX"),
        Code(latex_table(results)),
    ]


def methods(results: ComparisonResults) -> str:
    """Return how the variants were trained, translated and scored, as a paragraph of a paper."""
    conditions, first = results.conditions, results.test_sets[0]
    variants = "; ".join(f"{name}: {text.rstrip('.')}" for name, text in conditions.models.items())
    epochs = format_range([count for costs in results.costs.values() for count in costs.epochs])
    updates = format_range([count for costs in results.costs.values() for count in costs.updates])
    seeds = next(iter(results.seeds.values()))
    samples = next(iter(first.differences["bleu"].values())).samples
    sentences = [
        f"We compared {len(results.seeds)} variants of one encoder-decoder on {conditions.corpus} ({variants}).",
        training_sentence(conditions.recipe),
        f"Each variant was trained for {epochs} epochs ({updates} updates), with {'seeds' if seeds[1:] else 'seed'} "
        f"{', '.join(map(str, seeds))}; the weights of the best validation were kept.",
        *conditions.remarks,
        equality_sentence(conditions),
        search_sentence(conditions.recipe),
        f"We report BLEU and chrF ({', '.join(first.signatures.values())}).",
        f"95% confidence intervals are over test sets, by a bootstrap over {samples:,} resampled test sets (Koehn, "
        f"2004){', and over seeds, by Student’s t' if seeds[1:] else ''}.",
    ]
    return " ".join(sentences)


def equality_sentence(conditions: Conditions) -> str:
    """Return a sentence that says what was equal for all variants, and names the exceptions."""
    text = "The data, the subwords, the order of the batches, the training and the search were equal for all variants"
    exceptions = [*conditions.allowed, *(f"{key} (not checked)" for key in conditions.unchecked)]
    return f"{text}, except for {', '.join(exceptions)}." if exceptions else f"{text}, which was checked."


def training_sentence(recipe: Mapping[str, Any]) -> str:
    """Return the subwords, the optimiser and the batches as a sentence."""
    tokenizer, training = recipe.get("tokenizer", {}), recipe.get("training", {})
    shared = "one shared by both languages" if tokenizer.get("joint") else "one for each language"
    return (
        f"Text was cut by SentencePiece with {tokenizer.get('vocab_size', 0):,} subwords, {shared}. Batches had up to "
        f"{training.get('batch_tokens', 0):,} tokens; Adam had a learning rate of {training.get('learning_rate')} "
        f"(schedule: {training.get('schedule')})."
    )


def search_sentence(recipe: Mapping[str, Any]) -> str:
    """Return how translations were searched for, as a sentence."""
    search = recipe.get("search", {})
    size = search.get("beam_size", 1)
    penalty = f" and a length penalty of {search.get('length_penalty')}" if size > 1 else ""
    return (
        f"Translations were found by {f'beam search with {size} hypotheses' if size > 1 else 'greedy search'}{penalty}."
    )


def latex_table(results: ComparisonResults) -> str:
    """Return the scores of all test sets as a table in LaTeX: a row for each variant."""
    baseline, *others = results.seeds
    columns = [(test_set, metric, label) for test_set in results.test_sets for metric, label in LABELS.items()]
    head = " & ".join(f"{escape_latex(test_set.label)}, {label}" for test_set, _, label in columns)
    lines = [f"\\begin{{tabular}}{{l{'r' * len(columns)}}}", "\\toprule", f"variant & {head} \\\\", "\\midrule"]
    for name in results.seeds:
        cells = [escape_latex(format_spread(test_set.scores[name][metric])) for test_set, metric, _ in columns]
        lines.append(f"{' & '.join([escape_latex(name), *cells])} \\\\")
    lines.append("\\midrule")
    for name in others:
        differences = [test_set.differences[metric][name].difference for test_set, metric, _ in columns]
        cells = [escape_latex(format_difference(value)) for value in differences]
        lines.append(f"{' & '.join([escape_latex(f'{name} − {baseline}'), *cells])} \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"])


def escape_latex(text: str) -> str:
    """Return LaTeX that prints the text."""
    return "".join(LATEX.get(character, character) for character in text)

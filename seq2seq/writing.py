"""Findings put into words, tables and figures: the report of a comparison."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from seq2seq import charts
from seq2seq.files import write
from seq2seq.findings import EXAMPLES, Findings
from seq2seq.report import (
    Block,
    Code,
    Heading,
    Paragraph,
    Picture,
    Table,
    alike,
    between,
    markdown,
    number,
    page,
    signed,
)

REPORT, FIGURES = "report", "figures"
LABELS = {"bleu": "BLEU", "chrf": "chrF"}


def write_report(folder: Path, findings: Findings) -> Path:
    """Write report.html, report.md, report.json and the figures.

    Args:
        folder: of the report.
        findings: of `findings.find`, with the `conditions` that `comparison.of_runs` adds.

    Returns:
        the path of report.html.
    """
    blocks = [
        *opening(findings),
        *scores(folder, findings),
        *alignment(findings),
        *phenomena(folder, findings),
        *learning(folder, findings),
        *costs(findings),
        *examples(findings),
        *conditions(findings),
    ]
    write(folder / f"{REPORT}.json", json.dumps(findings, indent=2, ensure_ascii=False) + "\n")
    write(folder / f"{REPORT}.md", markdown(blocks))
    write(folder / f"{REPORT}.html", page(title(findings), blocks, folder))
    return folder / f"{REPORT}.html"


def title(findings: Findings) -> str:
    """What is compared, on what."""
    return f"{' against '.join(findings['seeds'])}: {findings['conditions']['corpus']}"


def opening(findings: Findings) -> list[Block]:
    """The answer first; then what was asked."""
    models, remarks = findings["conditions"]["models"], findings["conditions"]["remarks"]
    rows = [["", "what the decoder reads", "parameters", "seeds"]]
    for name, seeds in findings["seeds"].items():
        parameters = findings["costs"][name]["parameters"]
        count = f"{parameters:,}" if parameters else "unknown"
        rows.append([name, models[name], count, " ".join(map(str, seeds))])
    return [
        Heading(1, title(findings)),
        *map(Paragraph, answer(findings)),
        Table(rows, text=True),
        *map(Paragraph, remarks),
    ]


def answer(findings: Findings) -> list[str]:
    """The differences on the first held-out set, in a sentence each."""
    first = findings["sets"][0]
    baseline = next(iter(findings["seeds"]))
    values, said = first["scores"], []
    for name, found in first["differences"]["bleu"].items():
        text = (
            f"On {first['label']}, {name} has {number(values[name]['bleu'])} BLEU and {baseline} "
            f"{number(values[baseline]['bleu'])}: a difference of {signed(found['difference'])}. Other test sets of "
            f"this kind would have said {between(found['test_sets'])} (95% of {found['samples']:,} resampled ones)"
        )
        if found["trainings"]:
            text += (
                f"; over all seeds, the mean difference is {between(found['trainings'])} (95%, Student's t, "
                f"{len(found['seeds'])} seeds)."
            )
        else:
            text += "; what other seeds would have said, one seed cannot tell."
        in_chrf = first["differences"]["chrf"][name]
        spans = ", ".join(
            f"{between(in_chrf[key])} over {label}"
            for key, label in (("test_sets", "test sets"), ("trainings", "seeds"))
            if in_chrf[key]
        )
        said.append(f"{text} In chrF it is {signed(in_chrf['difference'])} ({spans}).")
    return said


def scores(folder: Path, findings: Findings) -> list[Block]:
    """For each held-out set: scores, differences, tests, BLEU by length."""
    blocks: list[Block] = []
    for held in findings["sets"]:
        blocks.append(Heading(2, f"BLEU and chrF: {held['label']} ({held['sentences']:,} sentences)"))
        blocks += [differences(held, metric) for metric in LABELS]
        blocks += [paired_tests(held), *by_length(folder, findings, held)]
    return blocks


def differences(held: Mapping[str, Any], metric: str) -> Table:
    """Each variant's score, and how far it is from the first's."""
    baseline, *others = held["scores"]
    rows = [["", LABELS[metric], f"− {baseline}", "95% over test sets", "95% over seeds"]]
    rows.append([baseline, number(held["scores"][baseline][metric]), "", "", ""])
    for name in others:
        found = held["differences"][metric][name]
        gap = [signed(found["difference"]), between(found["test_sets"]), between(found["trainings"])]
        rows.append([name, number(held["scores"][name][metric]), *gap])
    return Table(rows)


def paired_tests(held: Mapping[str, Any]) -> Table:
    """Each seed's difference from the first variant, and how likely chance makes one so large."""
    baseline = next(iter(held["scores"]))
    rows = [["paired bootstrap", "seed", "difference", "95% over test sets", "p"]]
    compared = [
        (f"{label}, {name} − {baseline}", each)
        for metric, label in LABELS.items()
        for name, found in held["differences"][metric].items()
        for each in found["seeds"]
    ]
    for what, each in compared:
        seed = " and ".join(map(str, dict.fromkeys(each["seeds"])))
        rows.append([what, seed, signed(each["difference"]), between(each["test_sets"]), f"{each['p_value']:.4f}"])
    return Table(rows)


def by_length(folder: Path, findings: Findings, held: Mapping[str, Any]) -> list[Block]:
    """BLEU of short and of long sentences apart: a figure, and its numbers."""
    buckets = held["by_length"]
    names = list(held["scores"])
    spans = [f"{each['low']}–{each['high']}" for each in buckets]
    stem = f"{FIGURES}/bleu-by-length.{held['name']}"
    series = {name: [each["bleu"][name]["values"] for each in buckets] for name in names}
    labels = [f"{span}\n({each['sentences']})" for span, each in zip(spans, buckets, strict=True)]
    axes = ("words of the source sentence (sentences)", "BLEU")
    charts.lines(folder / stem, series, dict.fromkeys(names, range(len(buckets))), axes, labels)
    baseline, *others = names
    rows = [["words", "sentences", *names, *(f"{other} − {baseline}" for other in others)]]
    for span, each in zip(spans, buckets, strict=True):
        means = {name: each["bleu"][name]["mean"] for name in names}
        gains = [signed(means[other] - means[baseline]) for other in others]
        rows.append([span, str(each["sentences"]), *(number(each["bleu"][name]) for name in names), *gains])
    caption = f"BLEU by the source's length, {held['label']}.{spread(findings)}"
    return [Heading(3, f"By length: {held['label']}"), Picture(stem, caption), Table(rows)]


def alignment(findings: Findings) -> list[Block]:
    """Alignment error rates, where there are gold alignments and something that attends."""
    found = findings["alignment"]
    if not found or not found["rates"]:
        return []
    rows = [["", "alignment error rate"]]
    rows += [[name, number(rate, 3)] for name, rate in found["rates"].items()]
    rows += [["the diagonal", f"{found['diagonal']:.3f}"], ["one right link a target word", f"{found['best']:.3f}"]]
    said = (
        f"Each target word's strongest link, while the references of {findings['sets'][0]['label']} are read, against "
        "the gold links (Och and Ney 2003; 0 is best, 1 worst). Below it what no learning gives, and the best that one "
        "link a target word can come to: gold words may have several."
    )
    return [Heading(2, "Alignment"), Paragraph(said), Table(rows)]


def phenomena(folder: Path, findings: Findings) -> list[Block]:
    """Shares of faultless sentences, where the corpus names its sentences' phenomena."""
    found = findings["phenomena"]
    if not found:
        return []
    names = list(findings["seeds"])
    stem = f"{FIGURES}/phenomena"
    series = {name: [each["right"][name]["values"] for each in found.values()] for name in names}
    charts.bars(folder / stem, series, list(found), ("faultless translations, percent", ""))
    rows = [["phenomenon", "sentences", *names]]
    for phenomenon, each in found.items():
        rows.append([phenomenon, str(each["sentences"]), *(number(each["right"][name], 1) for name in names)])
    caption = (
        f"Sentences of {findings['sets'][0]['label']} translated just as the reference, percent.{spread(findings)}"
    )
    return [Heading(2, "By phenomenon"), Picture(stem, caption), Table(rows)]


def learning(folder: Path, findings: Findings) -> list[Block]:
    """Validation BLEU as the training goes on."""
    stem = f"{FIGURES}/learning-curves"
    curves = findings["learning"]
    places = {name: [point["update"] for point in points] for name, points in curves.items()}
    series = {name: [point["bleu"]["values"] for point in points] for name, points in curves.items()}
    charts.lines(folder / stem, series, places, ("update", "validation BLEU, greedy"))
    caption = f"Validation BLEU of greedy translations, as the training goes on.{spread(findings)}"
    return [Heading(2, "Learning"), Picture(stem, caption)]


def costs(findings: Findings) -> list[Block]:
    """What each variant takes."""
    rows = [["", "parameters", "epochs", "updates", "training, minutes", "target tokens/s", "sentences/s, translating"]]
    for name, cost in findings["costs"].items():
        parameters = f"{cost['parameters']:,}" if cost["parameters"] else "unknown"
        counts = [alike(cost["epochs"]), alike(cost["updates"])]
        minutes = f"{cost['training_seconds'] / 60:.1f}" if cost["training_seconds"] else "unknown"
        speeds = [f"{cost['tokens_per_second']:,.0f}", f"{cost['sentences_per_second']:,.1f}"]
        rows.append([name, parameters, *counts, minutes, *speeds])
    said = (
        "As the runs measured them, means over the seeds: what else the machines did meanwhile is in them. They were: "
    )
    machines = "; ".join(f"{name}: {', '.join(cost['hardware'])}" for name, cost in findings["costs"].items())
    return [Heading(2, "Costs"), Table(rows), Paragraph(f"{said}{machines}.")]


def examples(findings: Findings) -> list[Block]:
    """Sentences side by side."""
    baseline, *_, other = findings["seeds"]
    said = (
        f"The sentences of {findings['sets'][0]['label']}, of its longer half, on which {baseline} and {other} differ "
        f"most by sentence chrF, with their first seed: up to {EXAMPLES} for which {other} is better, then up to "
        f"{EXAMPLES} for which it is worse."
    )
    blocks: list[Block] = [Heading(2, "Where they differ most"), Paragraph(said)]
    for each in findings["examples"]:
        rows = [["", "", "chrF"], ["source", each["source"], ""], ["reference", each["reference"], ""]]
        rows += [[name, found["text"], f"{found['chrf']:.1f}"] for name, found in each["translations"].items()]
        blocks += [Heading(3, f"Sentence {each['sentence']}: {signed(each['gain'])} chrF"), Table(rows, text=True)]
        if each.get("figure"):
            blocks.append(Picture(each["figure"], f"Where {each['attends']} looks while its translation is read."))
    return blocks


def conditions(findings: Findings) -> list[Block]:
    """All that another needs to do the same, and to trust it."""
    known = findings["conditions"]
    signatures = [f"{metric}: {signature}" for metric, signature in findings["sets"][0]["signatures"].items()]
    tests = {
        each["signature"]
        for metric in findings["sets"][0]["differences"].values()
        for found in metric.values()
        for each in found["seeds"]
    }
    said = (
        "Held equal, and checked: the corpus's text, the tokenizer, the batches and their order, the recipe but for "
        "the model (training, search, trainer, and with them the rule that chooses the best epoch), the seeds, the "
        "updates, the versions of the software."
    )
    if exceptions := [*known["allowed"], *(f"{key} (unknown)" for key in known["unchecked"])]:
        said += f" Except for: {', '.join(exceptions)}."
    differs = [[key, *map(str, values.values())] for key, values in known["differs"].items()]
    blocks: list[Block] = [
        Heading(2, "Conditions"),
        Paragraph(said),
        Heading(3, "What differs"),
        Table([["key", *findings["seeds"]], *differs], text=True),
    ]
    if known["allowed"]:
        listed = [
            [key, "; ".join(f"{side}: {value}" for side, value in sides.items())]
            for key, sides in known["allowed"].items()
        ]
        blocks += [Heading(3, "What differs though it should not, but was allowed to")]
        blocks += [Table([["key", "values"], *listed], text=True)]
    rows = [["", ""], *([name, value] for name, value in known["facts"].items())]
    rows += [["signatures", "; ".join([*signatures, *(f"paired test: {test}" for test in sorted(tests))])]]
    blocks += [Heading(3, "To do it again"), Code(known["command"]), Table(rows, text=True)]
    recipe = yaml.safe_dump(known["recipe"], sort_keys=False, allow_unicode=True)
    return [*blocks, Heading(3, f"The recipe, as {next(iter(findings['seeds']))} had it"), Code(recipe.rstrip())]


def spread(findings: Findings) -> str:
    """What the figures' bands are."""
    several = max(map(len, findings["seeds"].values())) > 1
    return " Means over the seeds; the spread is one standard deviation." if several else ""

"""Write the comparison report as HTML, Markdown and JSON."""

import json
from pathlib import Path

from seq2seq.comparison.examples import FIGURES
from seq2seq.comparison.learning import training_warnings
from seq2seq.comparison.report_json import to_json
from seq2seq.comparison.report_paper import paper_section
from seq2seq.comparison.report_scores import length_section, main_figure, score_section, summarize
from seq2seq.comparison.report_sections import (
    alignment_section,
    condition_section,
    cost_section,
    example_section,
    learning_section,
    phenomena_section,
)
from seq2seq.comparison.results import ComparisonResults
from seq2seq.files import check_no_links, remove_leftovers, write
from seq2seq.plotting.document import Block, Caution, Heading, Paragraph, Table, markdown, page

REPORT = "report"

# So that no difference is credited to a wrong cause.
OWN_PARTS = (
    "Where a paper is named, the way to read the source is that paper's. The cells, the bridge from the encoder's last "
    "states to the decoder's first ones, and the readout before the vocabulary are this project's in every variant."
)


def check_report_folder(folder: Path) -> None:
    """Check that no file of a report is a link, which would be written through. The folder itself may be one.

    Raises:
        UserError: one is; the message names it.
    """
    figures = folder / FIGURES
    drawn = figures.iterdir() if figures.is_dir() and not figures.is_symlink() else ()
    for path in (*(folder / f"{REPORT}{suffix}" for suffix in (".html", ".md", ".json")), figures, *drawn):
        check_no_links(folder, path)


def write_report(folder: Path, results: ComparisonResults) -> Path:
    """Write report.html, report.md, report.json and the figures.

    Args:
        folder: where the report goes.
        results: what `compute_results` returned.

    Returns:
        the path of report.html.

    Raises:
        UserError: a file cannot be written.
    """
    for inner in (folder, folder / FIGURES):
        remove_leftovers(inner)
    blocks = [
        Heading(1, title(results)),
        *map(Paragraph, summarize(results)),
        *map(Caution, training_warnings(results)),
        main_figure(folder, results),
        *variant_section(results),
        *score_section(results),
        *length_section(folder, results),
        *alignment_section(results),
        *phenomena_section(folder, results),
        *learning_section(folder, results),
        *cost_section(results),
        *example_section(results),
        *paper_section(results),
        *condition_section(results),
    ]
    path = folder / f"{REPORT}.html"
    write(path.with_suffix(".json"), json.dumps(to_json(results), indent=2, ensure_ascii=False) + "\n")
    write(path.with_suffix(".md"), markdown(blocks))
    write(path, page(title(results), blocks, folder))
    return path


def title(results: ComparisonResults) -> str:
    """Return the variants and the corpus as a title."""
    baseline, *others = results.seeds
    return f"{baseline} against {', '.join(others)}: {results.conditions.corpus}"


def variant_section(results: ComparisonResults) -> list[Block]:
    """Return what each variant is."""
    rows = [["variant", "how the decoder reads the source, and the cells", "parameters", "seeds"]]
    for name, seeds in results.seeds.items():
        parameters = results.costs[name].parameters
        count = f"{parameters:,}" if parameters else "unknown"
        rows.append([name, results.conditions.models[name], count, " ".join(map(str, seeds))])
    return [
        Heading(2, "Variants"),
        Table(rows, text=True),
        Paragraph(OWN_PARTS),
        *map(Paragraph, results.conditions.remarks),
    ]

"""The part of a report for a paper: LaTeX prints every name unchanged, and the methods name what was not equal."""

import re
from dataclasses import replace

from scored_runs import RESULTS

from seq2seq.comparison.report_paper import escape_latex, latex_table, methods
from seq2seq.recipe import Recipe
from seq2seq.text.corpus import CorpusOptions


def test_latex_prints_what_is_written() -> None:
    assert escape_latex("a_b & 5% of #1 ~ x^2 {y} \\ $") == (
        r"a\_b \& 5\% of \#1 \textasciitilde{} x\textasciicircum{}2 \{y\} \textbackslash{} \$"
    )
    assert escape_latex("20.00 ± 1.00, −0.50") == r"20.00 $\pm$ 1.00, $-$0.50"


def test_every_row_of_the_table_has_every_column() -> None:
    lines = latex_table(RESULTS).splitlines()
    assert lines[0] == r"\begin{tabular}{lrr}"
    assert lines[-1] == r"\end{tabular}"
    rows = [line for line in lines if line.endswith(r"\\")]
    assert [row.split(" & ")[0] for row in rows] == ["variant", "bottleneck", "bahdanau", "bahdanau $-$ bottleneck"]
    assert {len(re.split(r"(?<!\\)&", row)) for row in rows} == {3}


def test_the_methods_say_what_was_done_and_what_was_not_equal() -> None:
    recipe = Recipe(CorpusOptions("x")).to_dict()
    conditions = replace(RESULTS.conditions, recipe=recipe, models={"bottleneck": "One vector.", "bahdanau": "Many."})
    text = methods(replace(RESULTS, conditions=conditions))
    assert "(bottleneck: One vector; bahdanau: Many)" in text
    assert "with seeds 1, 2; the weights of the best validation were kept" in text
    assert "equal for all variants, which was checked." in text
    assert f"Batches had up to {recipe['training']['batch_tokens']:,} tokens" in text
    assert "over seeds, by Student" in text
    allowed = replace(conditions, allowed={"versions": {}}, unchecked=["batches"])
    assert "equal for all variants, except for versions, batches (not checked)." in methods(
        replace(RESULTS, conditions=allowed)
    )

"""The tokenizer of BLEU follows from the language's code, and a missing package is named."""

import sys
from typing import Any

import pytest
import sacrebleu

from seq2seq.errors import UserError
from seq2seq.evaluation.metrics import bleu, score_corpus
from seq2seq.evaluation.options import TOKENIZERS, EvaluationOptions, guess_tokenizer
from seq2seq.evaluation.significance import compare, resample
from seq2seq.recipe import Recipe
from seq2seq.text.corpus import CorpusOptions

CHINESE = ["今天天气很好，我们去公园散步吧。", "他明天要坐火车去北京。"]
NEARLY = ["今天天气很好，我们去公园吧。", "他明天坐火车去北京。"]


@pytest.mark.parametrize(
    ("language", "tokenizer"),
    [
        *((code, "zh") for code in ("zh", "zh_cn", "zh-CN", "ZH", "cmn", "cmn_Hans", "zho_Hant", "yue", "Chinese")),
        *((code, "char") for code in ("ja", "jpn_Jpan", "th", "tha", "lo", "km", "my", "mya_Mymr")),
        *((code, "13a") for code in ("de", "en", "fr", "ko", "target", "", "zh_Latn", "thx", "english")),
    ],
)
def test_the_guess_follows_from_the_code_alone(language: str, tokenizer: str) -> None:
    assert guess_tokenizer(language) == tokenizer
    assert Recipe(CorpusOptions("x", target=language)).metric_tokenizer == tokenizer
    assert EvaluationOptions("intl").tokenizer_for(language) == "intl"


def test_a_language_without_spaces_has_a_score_and_the_signature_says_how() -> None:
    assert bleu(NEARLY, CHINESE).value == 0
    for tokenizer in ("zh", "char"):
        score = bleu(NEARLY, CHINESE, tokenizer=tokenizer)  # type: ignore[arg-type]
        assert score.value == sacrebleu.corpus_bleu(NEARLY, [CHINESE], tokenize=tokenizer).score > 40
        assert f"|tok:{tokenizer}|" in score.signature
    scores = score_corpus(NEARLY, CHINESE, "zh")
    assert "tok:zh" in scores.bleu.signature
    assert "tok:zh" in scores.bleu_lowercase.signature
    test = compare(CHINESE, NEARLY, CHINESE, samples=10, tokenizer="zh")
    assert test.difference == pytest.approx(scores.bleu.value - 100)
    assert "|tok:zh|" in test.signature
    assert resample(NEARLY[:1], CHINESE[:1], samples=2, tokenizer="zh")[0] > 0


@pytest.mark.parametrize(("tokenizer", "extra"), [("ja-mecab", "ja"), ("ko-mecab", "ko")])
def test_a_missing_package_is_one_line_with_the_command_that_installs_it(
    tokenizer: Any, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"sacrebleu.tokenizers.tokenizer_{extra}_mecab"
    __import__(name)
    monkeypatch.setattr(sys.modules[name], "MeCab", None)
    with pytest.raises(UserError, match=rf"{tokenizer}: .*mecab.* pip install 'sacrebleu\[{extra}\]'") as caught:
        bleu(CHINESE, CHINESE, tokenizer=tokenizer)
    assert "\n" not in str(caught.value)


def test_every_tokenizer_is_sacrebleus() -> None:
    assert set(TOKENIZERS) <= set(sacrebleu.BLEU.TOKENIZERS)


def test_several_references_are_in_the_signature() -> None:
    hypotheses, first = ["A dog barks at night.", "Yes, of course."], ["A hound barks at night.", "Yes, of course."]
    second: list[str | None] = ["A dog barks at night.", None]
    scores = score_corpus(hypotheses, first, more_references=[second])
    assert (scores.bleu.value, scores.chrf.value) == pytest.approx((100, 100))
    assert scores.bleu.signature.startswith("nrefs:var|")
    assert score_corpus(hypotheses, first, more_references=[first]).chrf.signature.startswith("nrefs:2|")
    assert score_corpus(hypotheses, first).bleu.value < 90
    with pytest.raises(UserError, match="2 references, 1 more_references"):
        bleu(hypotheses, first, more_references=[second[:1]])

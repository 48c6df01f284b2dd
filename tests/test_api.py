"""The public Python API: few names, imported when they are needed."""

import subprocess
import sys
from pathlib import Path

import pytest

import seq2seq
from seq2seq.errors import UserError


def test_the_public_names() -> None:
    assert set(seq2seq.__all__) == {"Recipe", "Translator", "__version__", "load"} == set(dir(seq2seq))
    for name in seq2seq.__all__:
        assert getattr(seq2seq, name) is not None
    assert seq2seq.Translator.__module__ == "seq2seq.translation.translator"
    assert seq2seq.Recipe.__module__ == "seq2seq.recipe"
    with pytest.raises(AttributeError, match="no attribute 'Transformer'"):
        seq2seq.Transformer  # noqa: B018


def test_importing_the_package_imports_nothing_slow() -> None:
    program = "import sys, seq2seq; print(*{'torch', 'yaml', 'jsonargparse', 'sentencepiece'} & sys.modules.keys())"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_a_run_is_loaded_and_translates(untrained_run: Path, translator: seq2seq.Translator) -> None:
    for path in (untrained_run, str(untrained_run)):
        loaded = seq2seq.load(path)
        assert isinstance(loaded, seq2seq.Translator)
        assert loaded.options == translator.options
        translation = loaded.translate("Der Hund schläft.")
        assert translation == translator.translate("Der Hund schläft.")
        assert translation.alignment is not None
        assert [best.text for best in loaded.translate(["Der Hund schläft."])] == [translation.text]


def test_the_precision_can_be_chosen(untrained_run: Path) -> None:
    assert seq2seq.load(untrained_run, weights="float16").translate("Der Hund.").tokens


def test_a_missing_run_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run there"):
        seq2seq.load(tmp_path)

"""Records become JSON that every reader accepts, also inside a page."""

import json
import math

from seq2seq.json_text import finite, to_json, to_script


def test_numbers_that_json_does_not_have_become_null() -> None:
    assert finite({"a": [1.0, math.nan, (math.inf, "b")]}) == {"a": [1.0, None, [None, "b"]]}


def test_json_is_one_line_in_ascii() -> None:
    assert to_json({"a": "ä\n", "b": math.nan}) == '{"a": "\\u00e4\\n", "b": null}'


def test_no_text_ends_a_script() -> None:
    value = ["</script><!-- <script>", "\u2028\u2029", "ä ▁ 👋", -math.inf]
    text = to_script(value)
    assert "<" not in text
    assert len(text.splitlines()) == 1
    assert json.loads(text) == [*value[:3], None]

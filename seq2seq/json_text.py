"""Turn records into text in JSON, for standard output, for a browser, and for a page that holds the text itself."""

import json
import math
from typing import Any


def to_json(value: Any) -> str:
    """Return a value as one line of JSON in ASCII."""
    return json.dumps(finite(value), allow_nan=False)


def to_script(value: Any) -> str:
    """Return a value as JSON that can stand in an HTML page's <script>: no text in it can end the script.

    The text is short rather than in ASCII: the page must say that it is UTF-8.
    """
    text = json.dumps(finite(value), allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def finite(value: Any) -> Any:
    """Return a value of JSON with null in place of numbers that JSON does not have: infinity and NaN."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

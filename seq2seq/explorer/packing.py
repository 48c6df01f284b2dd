"""Write lists of similar objects as tables, which are a third as long in JSON, and read them again in the browser.

[{"id": 1, "token": "a"}, {"id": 2, "token": "b"}]    {"columns": ["id", "token"], "rows": [[1, "a"], [2, "b"]]}
"""

from typing import Any

# The script that an exported page begins with: the page's own modules read the exported text unpacked.
UNPACK = """\
{
  const unpack = (value) => {
    if (Array.isArray(value)) return value.map(unpack);
    if (value === null || typeof value !== "object") return value;
    const object = (pairs) => Object.fromEntries(pairs.map(([key, inner]) => [key, unpack(inner)]));
    if (!value.columns) return object(Object.entries(value));
    return value.rows.map((row) => object(value.columns.map((column, place) => [column, row[place]])));
  };
  const element = document.getElementById("exported");
  element.textContent = JSON.stringify(unpack(JSON.parse(element.textContent)));
}
"""


def pack(value: Any) -> Any:
    """Return a value of JSON with tables in place of all lists of two or more objects that have the same keys."""
    if isinstance(value, dict):
        return {key: pack(inner) for key, inner in value.items()}
    if not isinstance(value, list | tuple):
        return value
    keys = list(value[0]) if len(value) > 1 and isinstance(value[0], dict) else []
    if keys and all(isinstance(each, dict) and list(each) == keys for each in value):
        return {"columns": keys, "rows": [[pack(inner) for inner in each.values()] for each in value]}
    return [pack(inner) for inner in value]

"""Read what `pack` has packed, as the page's script does."""

from typing import Any


def unpack(value: Any) -> Any:
    if isinstance(value, list):
        return [unpack(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "columns" in value:
        return [dict(zip(value["columns"], map(unpack, row), strict=True)) for row in value["rows"]]
    return {key: unpack(each) for key, each in value.items()}

"""Values that nobody means, for the options of every folder."""

from typing import Any

HUGE = 10**25
NUMBERS: list[Any] = [float("nan"), float("inf"), float("-inf"), HUGE, -HUGE, 1e300, -1]
ABSURD: list[Any] = [*NUMBERS, None, "", "x", [], {}, [1], {"class_path": "os.system"}]

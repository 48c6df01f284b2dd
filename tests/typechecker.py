"""Check shapes and types in `seq2seq.model` and `seq2seq.search` while tests run.

pyproject.toml tells jaxtyping to wrap every function of these packages in `check`.
"""

from inspect import isclass
from types import ModuleType
from typing import Any, NamedTuple

from beartype import BeartypeConf, FrozenDict, beartype
from jaxtyping import jaxtyped

check = beartype(
    conf=BeartypeConf(
        is_pep484_tower=True,  # an int is accepted as a float, as by mypy
        hint_overrides=FrozenDict({NamedTuple: tuple[Any, ...]}),  # as a bound, NamedTuple is a function at run time
    )
)


def check_records(*modules: ModuleType) -> None:
    """Check the shapes of the modules' NamedTuples when they are made. jaxtyping does this only for dataclasses."""
    for module in modules:
        for record in vars(module).values():
            if isclass(record) and issubclass(record, tuple) and record.__module__ == module.__name__:
                record.__new__ = staticmethod(jaxtyped(record.__new__, typechecker=check))  # type: ignore[method-assign]

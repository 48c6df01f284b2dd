"""Benchmarks measure the package without the shape checks of the tests."""

from collections.abc import Iterator

import jaxtyping
import pytest


@pytest.fixture(scope="session", autouse=True)
def no_shape_checks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jaxtyping.config, "jaxtyping_disable", True)
        yield

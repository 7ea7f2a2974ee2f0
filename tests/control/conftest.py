"""Every answer of every test here is held against the API's description of itself."""

from collections.abc import Iterator

import pytest

from tests.control.watch import described_answers


@pytest.fixture(autouse=True)
def _answers_are_described() -> Iterator[None]:
    with described_answers():
        yield

"""docs/faults.md has each fault that is cited by its number, and names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
_ROW = re.compile(r"^\| (\d+) \|.*\| `(\S+)` \|$", re.MULTILINE)
_CITED = re.compile(r"\bfaults? (\d+(?:(?:, | and | to )\d+)*)")
DOCUMENTED = {int(number): tested for number, tested in _ROW.findall((ROOT / "docs/faults.md").read_text("utf-8"))}


def _cited(text: str) -> set[int]:
    found = set()
    for cited in _CITED.findall(text):
        found |= {int(number) for number in re.findall(r"\d+", cited)}
        for first, last in re.findall(r"(\d+) to (\d+)", cited):
            found |= set(range(int(first), int(last)))
    return found


def test_each_fault_that_is_cited_is_documented() -> None:
    rooms = ("actors", "adapters", "albra", "messages", "simulator", "tests")
    cited = {
        number for room in rooms for path in (ROOT / room).rglob("*.py") for number in _cited(path.read_text("utf-8"))
    }
    assert len(cited) > 8
    assert cited - DOCUMENTED.keys() == set()


def test_each_fault_has_its_number_and_a_test_that_exists() -> None:
    assert list(DOCUMENTED) == list(range(1, len(DOCUMENTED) + 1))
    assert [tested for tested in DOCUMENTED.values() if not (ROOT / tested).is_file()] == []

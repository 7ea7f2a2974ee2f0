"""Every defect of the system before us has a test, and the table in docs/reconciliation.md names it truly."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"^\| (?P<defect>[^|]+) \| (?P<tests>`tests/[^|]+`) \|$", re.MULTILINE)
DEFECTS = 15
"""As they were reproduced before this one was written."""


def test_each_defect_of_the_old_engine_has_a_test_that_is_there() -> None:
    found = LINE.findall((ROOT / "docs" / "reconciliation.md").read_text())
    assert len(found) == DEFECTS
    for defect, tests in found:
        for named in re.findall(r"`([^`]+)`", tests):
            file, _, name = named.partition("::")
            assert f"def {name}(" in (ROOT / file).read_text(), f"{defect}: {named}"

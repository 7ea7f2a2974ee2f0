"""A process that appends until it is killed: `python -m tests.storage.appender DIRECTORY`.

It prints `ordinal version` after each acknowledgement, never before.
"""

import os
import sys
from functools import partial
from pathlib import Path

from adapters.storage.sqlite import SqliteJournal
from tests.storage.steps import step

POSITIONS = 8


def main(directory: Path) -> None:
    journal = SqliteJournal.open(directory)
    with journal.reader() as reader:
        versions = {each.ordinal: each.version for each in reader.recover()}  # type: ignore[union-attr]

    def go_on(ordinal: int, version: int, why: str | None) -> None:
        assert why is None, why
        if version:
            os.write(1, b"%d %d\n" % (ordinal, version))
        snapshot = b"state %d" % version if version % 5 == 4 else None
        journal.append((step(ordinal, version + 1, snapshot=snapshot),), partial(go_on, ordinal, version + 1))

    for ordinal in range(1, POSITIONS + 1):
        go_on(ordinal, versions.get(ordinal, 0), None)
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

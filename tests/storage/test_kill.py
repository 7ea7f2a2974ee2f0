"""SIGKILL at any instant: everything acknowledged is durable, nothing is torn, and the next process goes on."""

import subprocess
import sys
from pathlib import Path
from random import Random

from adapters.storage.reader import JournalReader
from adapters.storage.record import RecoveredPosition
from albra.loopback.discovery import holder
from tests.storage.steps import fill

KILLS = 8


def append_until_killed(directory: Path, lines: int) -> list[tuple[int, int]]:
    """What the process acknowledged before it was killed, after about that many acknowledgements."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.storage.appender", str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    with process:
        assert process.stdout is not None
        heard = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        heard += process.stdout.readlines()
    assert process.returncode == -9
    whole = [line.split() for line in heard if line.endswith(b"\n")]
    return [(int(ordinal), int(version)) for ordinal, version in whole]


def test_what_was_acknowledged_survives_sigkill_at_random_instants(tmp_path: Path) -> None:
    random = Random(7)
    acknowledged: dict[int, int] = {}
    for _ in range(KILLS):
        for ordinal, version in append_until_killed(tmp_path, random.randrange(1, 400)):
            acknowledged[ordinal] = max(version, acknowledged.get(ordinal, 0))
        assert holder(tmp_path) is None, "the dead hold nothing"
        with JournalReader(tmp_path) as reader:
            assert reader.verify(None).damage == ()
            found = list(reader.recover())
        for each in found:
            assert isinstance(each, RecoveredPosition)
            assert each.version >= acknowledged.get(each.ordinal, 0)
            # One step in flight per position: only that one may be there without having been heard of.
            assert each.version <= acknowledged.get(each.ordinal, 0) + 1
            expected = range(each.snapshot_version + 1, each.version + 1)
            assert each.events == tuple(fill(number) for number in expected)
        assert set(acknowledged) <= {each.ordinal for each in found}

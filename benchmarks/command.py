"""How long `albra positions` takes, as a process of its own, and what it imports."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.process import ALBRA, Supervisor, environment, write_config
from benchmarks.report import Row, at_most, median_ratio, row
from benchmarks.venue import serving
from benchmarks.wire import open_many

POSITIONS = 50
HEAVY = ("aiohttp", "ccxt", "rich", "loguru", "apsw", "asyncio", "pykka", "jsonschema", "telegram", "msgpack", "actors")
LOOK = """
import json, sys
sys.argv = ["albra", "positions"]
from albra.__main__ import main
main()
sys.stderr.write(json.dumps(sorted(sys.modules)))
"""


def _seconds(command: Sequence[str | Path], home: Path) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=home, env=environment(), check=True, capture_output=True, timeout=30)
    return time.perf_counter() - started


def _heavy(home: Path) -> list[str]:
    """Packages of the long list that `albra positions` imports."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=home, env=environment(), check=True, capture_output=True, timeout=30
    )
    modules = set(json.loads(done.stderr))
    return [name for name in HEAVY if name in modules]


def run(*, quick: bool = False) -> list[Row]:
    """Half a minute."""
    repeats = 5 if quick else 20
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as name, serving() as (server, _):
        home = Path(name)
        write_config(home, server.http_url)
        with Supervisor(home) as supervisor:
            supervisor.ready()
            open_many(supervisor, POSITIONS)
            mine, bare = [], []
            for _ in range(repeats):
                mine.append(_seconds([ALBRA, "positions"], home) * 1000)
                bare.append(_seconds([sys.executable, "-c", "pass"], home) * 1000)
            heavy = _heavy(home)
    ratio = median_ratio(mine, bare)
    return [
        row(f"albra positions, {POSITIONS} positions", mine, "ms", ratio=ratio, against="an empty Python"),
        row("  an empty Python", bare, "ms"),
        row(f"  heavy packages imported: {', '.join(heavy) or 'none'}", [len(heavy)], "", target=at_most(0)),
    ]

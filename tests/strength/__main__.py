"""`make strength`: random single-place changes of the pure modules, and what catches each.

First the simulation alone, then the tests of the module's package, then all others. Exits with 1 where fewer are caught
than `--least` percent. A survivor is a line: read it, and make it a check, a test, or a reason why it changes nothing.
Of the simulation two figures are told: of all changes, and of those whose line one of the sprints came by. What it came
by and did not catch wants a check, what it did not come by another situation, or is not its business.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.strength.drawn import ROOT, Drawn, draw
from tests.strength.planted import VARIABLE
from tests.strength.trial import REACHED

TRIAL_S = 300
"""A change that makes a loop of something is caught by the clock."""
TESTS_S = 1_800
SLOW = frozenset({"e2e", "simulation", "fuzz", "power_loss", "strength"})
"""Packages whose tests start processes, which do not load the change, or are the simulation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`simulation` and `tests` say what caught it; empty: nothing did, or was not asked."""

    drawn: Drawn
    simulation: str
    reached: bool
    tests: str

    @property
    def caught(self) -> bool:
        return bool(self.simulation or self.tests)


def tried(drawn: Drawn, arguments: argparse.Namespace) -> Verdict:
    with TemporaryDirectory(prefix="albra-strength-") as folder:
        file = Path(folder, "change.json")
        line = drawn.change.line
        said = {"module": drawn.module, "path": str(drawn.path), "source": drawn.source(), "line": line}
        file.write_text(json.dumps(said), encoding="utf-8")
        environment = {**os.environ, VARIABLE: str(file)}
        simulation, reached = _simulated(environment, arguments)
        tests = "" if simulation or arguments.simulation_only else _tested(drawn.module, environment)
    return Verdict(drawn=drawn, simulation=simulation, reached=reached, tests=tests)


def _simulated(environment: Mapping[str, str], arguments: argparse.Namespace) -> tuple[str, bool]:
    """What caught it, and whether the simulation came by the changed line."""
    words = ["-m", "tests.strength.trial", str(arguments.sprints), str(arguments.first)]
    try:
        done = subprocess.run(
            [sys.executable, *words], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=TRIAL_S,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "the clock", True
    if done.returncode:
        return "it does not start", True
    said, came_by, *_ = done.stdout.splitlines()
    return said, came_by == REACHED


def _tested(module: str, environment: Mapping[str, str]) -> str:
    near = ROOT / "tests" / module.split(".")[min(1, module.count("."))]
    if module.startswith("messages"):
        near = ROOT / "tests" / "messages"
    others = [
        folder
        for folder in sorted((ROOT / "tests").iterdir())
        if (folder / "__init__.py").exists() and folder.name not in SLOW and folder != near
    ]
    for folders in ([near] if near.is_dir() else [], others):
        found = _first_failure([str(folder) for folder in folders], environment)
        if found:
            return found
    return ""


def _first_failure(folders: Sequence[str], environment: Mapping[str, str]) -> str:
    if not folders:
        return ""
    words = ["-m", "pytest", "-x", "-q", "--no-header", "-p", "tests.strength.planted", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(
            [sys.executable, *words, *folders], env=environment, cwd=ROOT, capture_output=True, text=True,
            timeout=TESTS_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "the clock"
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    if done.returncode == 0:
        return ""
    return failed[-1].split(" - ")[0].split(" ", 1)[1] if failed else "it does not start"


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.strength", description=__doc__)
    parser.add_argument("--count", type=int, default=200, metavar="N", help="changes (default 200)")
    parser.add_argument("--seed", type=int, default=time.time_ns() // 1_000_000, help="which ones; default: fresh ones")
    parser.add_argument("--sprints", type=int, default=80, metavar="N", help="of the simulation, for each (default 80)")
    parser.add_argument("--first", type=int, default=1, metavar="S", help="the first sprint's seed (default 1)")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), metavar="N", help="processes")
    parser.add_argument("--least", type=int, default=0, metavar="PERCENT", help="fewer caught fail (default 0)")
    parser.add_argument("--simulation-only", action="store_true", help="leave the packages' tests out")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parsed(argv)
    drawn = draw(arguments.count, arguments.seed)
    _say(f"{len(drawn)} changes of seed {arguments.seed}, {arguments.sprints} sprints each")
    verdicts = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for verdict in pool.map(lambda each: tried(each, arguments), drawn):
            verdicts.append(verdict)
            survives = "SURVIVES" if verdict.reached else "SURVIVES, not reached"
            found = verdict.simulation or verdict.tests or survives
            _say(f"{len(verdicts):4} {verdict.drawn.described()}  [{found}]")
    simulated = sum(bool(verdict.simulation) for verdict in verdicts)
    caught = sum(verdict.caught for verdict in verdicts)
    reached = sum(verdict.reached for verdict in verdicts)
    _say(f"{simulated} of {reached} that the simulation came by ({_percent(simulated, reached)} %)")
    _say(f"{simulated} of {len(verdicts)} by the simulation alone ({_percent(simulated, len(verdicts))} %)")
    if not arguments.simulation_only:
        _say(f"{caught} of {len(verdicts)} with the packages' tests ({_percent(caught, len(verdicts))} %)")
    return 1 if 100 * caught < arguments.least * len(verdicts) else 0


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.1f}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

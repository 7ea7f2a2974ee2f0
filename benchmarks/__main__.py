"""`python -m benchmarks [NAME …] [--quick] [--json FILE]`: figures with range, target and verdict.

Absolute figures belong to one machine in one mood; what is promised as a ratio is measured as one, in the
same run. The load of the machine is printed beside them: figures of a busy one prove little.
"""

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

from benchmarks import command, growth, journal, lifetime, reconciliation, recovery, runtime, session, transitions, wire
from benchmarks.report import Row, document, environment, load, print_rows

SUITES: dict[str, Callable[..., list[Row]]] = {
    "runtime": runtime.run,
    "transitions": transitions.run,
    "growth": growth.run,
    "lifetime": lifetime.run,
    "journal": journal.run,
    "wire": wire.run,
    "recovery": recovery.run,
    "reconciliation": reconciliation.run,
    "session": session.run,
    "command": command.run,
}


def main() -> int:
    """Run the suites that are named, all where none is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SUITES)}; all where none is given")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: a look, not a measurement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row there too")
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in SUITES]:
        parser.error(f"no suite {unknown[0]!r}: there are {', '.join(SUITES)}")
    machine = f"{environment('pykka', 'apsw', 'msgpack', 'ccxt', 'aiohttp')}, SQLite {apsw.sqlite_lib_version()}"
    print(machine, load(), "", sep="\n", flush=True)
    suites = {}
    rows: list[Row] = []
    broken = []
    for name in asked.names or SUITES:
        try:
            suites[name] = found = _measured(name, quick=asked.quick)
        except Exception:  # noqa: BLE001 - half an hour of other figures is not thrown away; the exit code says it
            traceback.print_exc()
            broken.append(name)
            continue
        rows += found["rows"]
    print(_summary(rows), *(f"{name} broke off" for name in broken), sep="\n")
    if asked.json:
        written = {name: {**found, "rows": document(found["rows"])} for name, found in suites.items()}
        asked.json.write_text(json.dumps({"machine": machine, "quick": asked.quick, "suites": written}, indent=1))
    return 1 if broken else 0


def _measured(name: str, *, quick: bool) -> dict[str, Any]:
    before, started = load(), time.monotonic()
    rows = SUITES[name](quick=quick)
    took_s = round(time.monotonic() - started, 1)
    print(f"{name}: {took_s:.0f} s; before: {before}; after: {load()}")
    print_rows(rows)
    print(flush=True)
    return {"rows": rows, "seconds": took_s, "before": before, "after": load()}


def _summary(rows: list[Row]) -> str:
    judged = [one for one in rows if one.met is not None]
    missed = "".join(f"\n  {one.name.strip()}" for one in judged if not one.met)
    return f"{sum(bool(one.met) for one in judged)} of {len(judged)} targets met" + (
        f"; missed:{missed}" if missed else ""
    )


if __name__ == "__main__":
    sys.exit(main())

"""Startup time varies by machine; what is imported does not. It is looked at in a process of its own."""

import json
import os
import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT, WAIT_S, Albra
from tests.control.fake_supervisor import FakeSupervisor, view

HEAVY = (
    *("aiohttp", "ccxt", "rich", "loguru", "apsw", "asyncio", "pykka", "jsonschema", "telegram", "msgpack", "actors"),
    *("albra.process", "albra.client"),
)
ID = "main.BTCUSDT.long.manual.1"
LOOK = """
import json, sys
sys.argv = ["albra", *json.loads(sys.argv[1])]
from albra.__main__ import main
try:
    code = main()
except SystemExit as ended:  # after --help
    code = ended.code
sys.stderr.write(json.dumps([code, sorted(sys.modules)]))
"""


def look(albra: Albra, arguments: tuple[str, ...]) -> tuple[int, list[str]]:
    """The exit code, and every module that is imported then."""
    ended = subprocess.run(
        [sys.executable, "-c", LOOK, json.dumps(arguments)],
        cwd=albra.directory,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    code, modules = json.loads(ended.stderr.splitlines()[-1])
    return code, modules


def imported_by(albra: Albra, supervisor: FakeSupervisor, arguments: tuple[str, ...]) -> list[str]:
    supervisor.keep(view(1))
    (albra.storage / "logs").mkdir()
    (albra.storage / "logs" / "albra.jsonl").write_text("")
    code, modules = look(albra, arguments)
    assert code == 0
    return modules


@pytest.mark.parametrize(
    "arguments",
    [
        ("positions",),
        ("positions", "--json"),
        ("status",),
        ("history", ID),
        ("open", "BTCUSDT", "long", "1", "--wait"),
        ("close", ID, "--wait"),
        ("pause",),
        ("config", "check"),
        ("config", "show"),
        ("config", "schema"),
        ("logs",),
        ("--version",),
    ],
)
def test_what_only_reads_or_steers_imports_nothing_heavy(
    albra: Albra, supervisor: FakeSupervisor, arguments: tuple[str, ...]
) -> None:
    modules = imported_by(albra, supervisor, arguments)
    assert [name for name in HEAVY if name in modules] == []


DECLARATIONS = ("messages.commands", "messages.statement", "messages.reports", "messages.reconciliation")


@pytest.mark.parametrize(
    "arguments", [("positions",), ("history", ID), ("logs",), ("config", "check"), ("open", "--help")]
)
def test_a_command_imports_no_declaration_that_it_does_not_need(
    albra: Albra, supervisor: FakeSupervisor, arguments: tuple[str, ...]
) -> None:
    modules = imported_by(albra, supervisor, arguments)
    needed = ("messages.commands", "messages.statement") if arguments[0] == "open" else ()
    assert [name for name in DECLARATIONS if name in modules and name not in needed] == []


def test_without_supervisor_and_journal_nothing_of_the_journal_is_imported(albra: Albra) -> None:
    code, modules = look(albra, ("positions",))
    assert code == 3
    assert [name for name in (*HEAVY, "adapters.cli.stored") if name in modules] == []


def test_without_a_configuration_file_not_even_yaml_is_imported(albra: Albra, supervisor: FakeSupervisor) -> None:
    (albra.directory / "config.yaml").unlink()
    code, modules = look(albra, ("positions",))
    assert code == 0
    assert "yaml" not in modules

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
code = main()
sys.stderr.write(json.dumps([code, sorted(sys.modules)]))
"""


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
    supervisor.keep(view(1))
    (albra.storage / "logs").mkdir()
    (albra.storage / "logs" / "albra.jsonl").write_text("")
    ended = subprocess.run(
        [sys.executable, "-c", LOOK, json.dumps(arguments)],
        cwd=albra.directory,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    code, modules = json.loads(ended.stderr)
    assert code == 0
    assert [name for name in HEAVY if name in modules] == []


def test_without_a_configuration_file_not_even_yaml_is_imported(albra: Albra, supervisor: FakeSupervisor) -> None:
    (albra.directory / "config.yaml").unlink()
    ended = subprocess.run(
        [sys.executable, "-c", LOOK, '["positions"]'],
        cwd=albra.directory,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    code, modules = json.loads(ended.stderr)
    assert code == 0
    assert "yaml" not in modules

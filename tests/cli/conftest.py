"""The real command in a process of its own, against the real control server before a fake supervisor."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters.control.server import ControlServer
from messages.types import AccountId
from tests.control.fake_supervisor import FakeSupervisor
from tests.control.watch import described_answers

ROOT = Path(__file__).parents[2]
WAIT_S = 30


@dataclass
class Ended:
    """A command that ran: exit code and what it printed."""

    code: int
    out: str
    err: str

    def document(self) -> Any:
        """The one JSON document on stdout; a second one would be an error here."""
        return json.loads(self.out)


@dataclass
class Albra:
    """`albra(...)` in `directory`, where config.yaml names `var` as storage."""

    directory: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def storage(self) -> Path:
        return self.directory / "var"

    def __call__(self, *arguments: str, stdin: str | None = None) -> Ended:
        process = self.start(*arguments)
        out, err = process.communicate(stdin, timeout=WAIT_S)
        return Ended(process.returncode, out, err)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "adapters.cli", *arguments],
            cwd=self.directory,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "100", **self.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(autouse=True)
def _answers_are_described() -> Iterator[None]:
    with described_answers():
        yield


@pytest.fixture
def albra(tmp_path: Path) -> Albra:
    (tmp_path / "config.yaml").write_text("storage: {path: var}\n")
    (tmp_path / "var").mkdir()
    return Albra(tmp_path)


@pytest.fixture
def supervisor(albra: Albra) -> Iterator[FakeSupervisor]:
    fake = FakeSupervisor()
    server = serve(fake, albra.storage)
    yield fake
    server.stop()


def serve(fake: FakeSupervisor, storage: Path, answer_timeout_s: float = 0.3) -> ControlServer:
    server = ControlServer(
        storage=storage, submit=fake.submit, accounts=(AccountId("main"),), answer_timeout_s=answer_timeout_s
    )
    fake.deliver = server.deliver
    server.start()
    return server

"""A whole supervisor on the embedded paper venue, in a process of its own."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.cli.conftest import Albra


@contextmanager
def running(albra: Albra) -> Iterator[None]:
    """`albra run` in that directory until the block ends, which it must survive and leave in order."""
    process = subprocess.Popen(
        [sys.executable, "-m", "albra", "run", "--plain"], cwd=albra.directory, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert any("stream of main is up" in line for line in process.stdout)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


def at_venue(albra: Albra, route: str, **body: object) -> Any:
    """POST /paper/{route} to the running supervisor's own venue."""
    url = json.loads((albra.storage / "control.json").read_text())["paper"]["url"]
    with urllib.request.urlopen(f"{url}/paper/{route}", json.dumps(body).encode(), timeout=10) as answer:
        return json.loads(answer.read())

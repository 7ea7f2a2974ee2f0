"""A real file system that is small: to fill up, to mount read-only."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

DISK = 4 << 20


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 4 MiB."""
    mounted = tmp_path / "small"
    mounted.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(mounted)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system is not permitted here")
    try:
        yield mounted
    finally:
        subprocess.run(["umount", "-l", str(mounted)], check=True)

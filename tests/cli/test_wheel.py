"""What a wheel holds: every package, the typed client, and the two programs."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT

PACKAGES = ("actors", "adapters", "albra", "messages", "simulator")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left beside the sources."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run(
        [*build, "--no-build-isolation", "--no-index", "--wheel-dir", built, "."], cwd=source, check=True, timeout=120
    )
    [wheel] = built.glob("albra-*.whl")
    return wheel


def test_every_source_file_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    sources = {str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert sources <= found
    assert {"albra/py.typed", "messages/py.typed", "adapters/locales/ko.po"} <= found
    assert {name.partition("/")[0] for name in found} == set(PACKAGES)


def test_the_programs_are_what_the_wheel_says(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        said = archive.read(name).decode()
    assert "albra = albra.__main__:main" in said
    assert "albra-simulate = simulator.__main__:main" in said


@pytest.mark.parametrize("words", [["-m", "albra", "--version"], ["-m", "albra", "--help"]])
def test_the_command_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *words],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(wheel)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "albra" in done.stdout


def test_the_client_needs_the_wheel_and_nothing_else(wheel: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-c", "from albra.client import Client; print(Client)"],
        env={"PYTHONPATH": str(wheel)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout == "<class 'albra.client.client.Client'>\n", done.stderr

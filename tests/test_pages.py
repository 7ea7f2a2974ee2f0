"""The pages for whoever carries on name files that exist and modules that start."""

import re
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "CONTRIBUTING.md",
    ROOT / "tests/README.md",
    ROOT / "docs/decisions.md",
    *(ROOT / "docs/how-to").glob("*.md"),
]
_ROOMS = ("actors", "adapters", "albra", "benchmarks", "docs", "messages", "simulator", "tests")
_PATH = re.compile(rf"`((?:{'|'.join(_ROOMS)})/[\w./-]*)`")
_MODULE = re.compile(r"python -m ([\w.]+)")
_LINK = re.compile(r"\]\(([\w./-]+\.md)\)")


def test_each_path_on_a_page_exists() -> None:
    named = [
        (page, ROOT / path) for page in PAGES for path in _PATH.findall(page.read_text("utf-8")) if "NAME" not in path
    ]
    linked = [(page, page.parent / path) for page in PAGES for path in _LINK.findall(page.read_text("utf-8"))]
    assert len(named) > 40
    assert [(page.name, str(path)) for page, path in chain(named, linked) if not path.exists()] == []


def test_each_module_that_a_page_starts_exists() -> None:
    started = {module for page in PAGES for module in _MODULE.findall(page.read_text("utf-8"))}
    files = {module: ROOT / module.replace(".", "/") for module in started}
    assert started
    assert [
        module
        for module, file in files.items()
        if not (file.with_suffix(".py").is_file() or (file / "__main__.py").is_file())
    ] == []


def test_each_how_to_is_listed() -> None:
    listed = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert [page.name for page in (ROOT / "docs/how-to").glob("*.md") if f"how-to/{page.name}" not in listed] == []

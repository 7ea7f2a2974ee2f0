"""Which changes: of all that the pure modules offer, some drawn by a seed."""

import configparser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.strength.operators import Change, changes

ROOT = Path(__file__).parents[2]
ASIDE = ("adapters.paper", "actors.runtime", "messages.wording")
"""The embedded venue is what the product is tried against; the runtime is threads; tables are words to read."""
WORDS = frozenset({"actors.notifier.texts", "actors.telegram.names", "messages.names"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A change of one module."""

    module: str
    change: Change

    @property
    def path(self) -> Path:
        return path_of(self.module)

    def source(self) -> str:
        return self.change.applied(self.path.read_text(encoding="utf-8"))

    def described(self) -> str:
        """`actors/money.py:12 comparison: < becomes <=`."""
        where = f"{self.path.relative_to(ROOT)}:{self.change.line}"
        before = " ".join(self.change.before.split())
        after = " ".join(self.change.after.split()) or "nothing"
        return f"{where} {self.change.operator}: {before} becomes {after}"


def path_of(module: str) -> Path:
    return ROOT / (module.replace(".", "/") + ".py")


def modules() -> Sequence[str]:
    """The modules that decide, by the contract of the import linter, which is where they are listed."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = parser["importlinter:contract:pure"]["source_modules"].split()
    found: list[str] = []
    for name in listed:
        folder = ROOT / name.replace(".", "/")
        if folder.is_dir():
            files = sorted(file for file in folder.rglob("*.py") if file.stem not in ("__init__", "actor"))
            found += [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
        else:
            found.append(name)
    return [name for name in found if name not in WORDS and not name.startswith(ASIDE)]


def draw(count: int, seed: int) -> Sequence[Drawn]:
    """So many different ones, each place as likely as any other."""
    offered = [
        Drawn(module=module, change=change)
        for module in modules()
        for change in changes(path_of(module).read_text(encoding="utf-8"))
    ]
    return Random(f"albra strength {seed}").sample(offered, min(count, len(offered)))

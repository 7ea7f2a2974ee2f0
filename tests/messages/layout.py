"""What is on the wire, recorded in layout.txt beside this file: `python -m tests.messages.layout` writes it anew.

Before the first release anything may change. After it, a difference that is not an addition at the end
is one that old journals will not survive.
"""

from dataclasses import fields
from pathlib import Path

from messages import codec
from messages.coders import has_default

__all__ = ["has_default", "present", "read"]

Layout = dict[int, tuple[int, tuple[str, ...]]]
"""tag -> (version, field names in their order on the wire; the first is the class)"""


def present() -> Layout:
    """The layout of the messages' own classes, as the code has it."""
    return {
        tag: (version, (cls.__name__, *(field.name for field in fields(cls)))) for tag, cls, version in codec.table()
    }


def read(path: Path) -> Layout:
    rows = [line.split() for line in path.read_text().splitlines()]
    return {int(tag): (int(version), tuple(names)) for tag, version, *names in rows}


def _write(path: Path) -> None:
    lines = [f"{tag} {version} {' '.join(names)}" for tag, (version, names) in sorted(present().items())]
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    _write(Path(__file__).with_suffix(".txt"))

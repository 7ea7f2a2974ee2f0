"""What happened: condensed to a hash always, and as a readable timeline on demand."""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from messages.addresses import position_address
from messages.base import Message
from messages.ids import _base36

LINES_MOST = 200_000


@dataclass(slots=True)
class Trace:
    """Same seed, same digest, in any process. Messages are hashed by name, requests and disk rows whole."""

    record: bool = False
    lines: list[tuple[int, str]] = field(default_factory=list)
    deliveries: int = 0
    _hash: Any = field(default_factory=lambda: blake2b(digest_size=16))

    def delivered(self, now_ns: int, address: str, message: object) -> None:
        self.deliveries += 1
        self._hash.update(f"{now_ns}|{address}|{type(message).__name__}\n".encode())
        if self.record:
            self._write(now_ns, f"{address:<14} <- {_shown(message)}")

    def noted(self, now_ns: int, text: str) -> None:
        """Something of the world: a request, an answer, a price, a death."""
        self._hash.update(f"{now_ns}|{text}\n".encode())
        if self.record:
            self._write(now_ns, text)

    def mixed(self, content: bytes) -> None:
        self._hash.update(content)

    def digest(self) -> str:
        return str(self._hash.hexdigest())

    def about(self, ordinal: int, position_id: str) -> list[str]:
        """The lines that concern one position (all lines for 0), and what happened to everybody."""
        marks = (f"{position_address(ordinal)} ", position_id, _base36(ordinal, 7))
        return [
            f"{now_ns / 1e9:10.6f}  {text}"
            for now_ns, text in self.lines
            if not ordinal or text.startswith("***") or any(mark and mark in text for mark in marks)
        ]

    def _write(self, now_ns: int, text: str) -> None:
        if len(self.lines) < LINES_MOST:
            self.lines.append((now_ns, text))


def _shown(message: object) -> str:
    """A message without what says nothing: empty fields, times, who asked."""
    if not isinstance(message, Message):
        return type(message).__name__
    name = type(message).__name__
    fields = []
    for slot in _slots(type(message)):
        value = getattr(message, slot)
        if slot in _DULL or value in (None, "", 0, (), False):
            continue
        fields.append(f"{slot}={_short(value)}")
    return f"{name}({', '.join(fields)})"


_DULL = frozenset({"correlation_id", "causation_id", "ts_init", "ts_event", "account", "instrument", "instruments"})


def _short(value: object) -> str:
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(str, value)))}}}"
    if isinstance(value, tuple):
        return f"({', '.join(_short(each) for each in value)})"
    if isinstance(value, Message):
        return _shown(value)
    return str(value)


def _slots(kind: type) -> list[str]:
    return [name for base in reversed(kind.__mro__) for name in getattr(base, "__slots__", ())]

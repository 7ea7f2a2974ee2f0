"""The start of conditions, to judge how long they have lasted."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Since:
    """The start (wall ns) of each lasting condition, by condition and subject."""

    _known: dict[tuple[str, str | int], int] = field(default_factory=dict)

    def note(self, what: str, of: str | int, now_ns: int, *, so: bool) -> None:
        """Start the condition if `so`, unless it lasts; end it otherwise."""
        if so:
            self._known.setdefault((what, of), now_ns)
        else:
            self._known.pop((what, of), None)

    def of(self, what: str, of: str | int) -> int:
        """Return its start (wall ns); 0: it does not hold."""
        return self._known.get((what, of), 0)

"""Since when something has been so, for who judges how long it has lasted."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Since:
    """Since when (wall time, ns) something has been so, by what and of which."""

    _known: dict[tuple[str, str | int], int] = field(default_factory=dict)

    def note(self, what: str, of: str | int, now_ns: int, *, so: bool) -> None:
        if so:
            self._known.setdefault((what, of), now_ns)
        else:
            self._known.pop((what, of), None)

    def of(self, what: str, of: str | int) -> int:
        """0 where it is not so."""
        return self._known.get((what, of), 0)

"""An answer for the transport: bytes, headers, and its fate on the network."""

from dataclasses import dataclass
from enum import StrEnum

from adapters.paper.faults import FaultRecord

Headers = tuple[tuple[str, str], ...]


class Fate(StrEnum):
    """What the transport does with an answer.

    DELIVER it; DELAY it by `delay_ms`; DROP: reset the connection instead; HANG: never answer; TRUNCATE:
    deliver the first half of the body only, with a length that agrees.
    """

    DELIVER = "DELIVER"
    DELAY = "DELAY"
    DROP = "DROP"
    HANG = "HANG"
    TRUNCATE = "TRUNCATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, exact body and headers; `fault` when one struck (with whether the request took effect)."""

    status: int
    body: bytes
    headers: Headers = ()
    fate: Fate = Fate.DELIVER
    delay_ms: int = 0
    fault: FaultRecord | None = None

    @property
    def arriving(self) -> bytes:
        """Return the part of the body that arrives: half of a truncated one, nothing of a dropped or hanging one."""
        if self.fate is Fate.TRUNCATE:
            return self.body[: len(self.body) // 2]
        return b"" if self.fate in (Fate.DROP, Fate.HANG) else self.body

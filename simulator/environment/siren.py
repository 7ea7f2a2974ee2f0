"""The owner's second channel: a webhook that is called when the chat does not show what is critical."""

from collections.abc import Callable
from dataclasses import dataclass, field

from messages.base import Message
from messages.notices import Posted, PostFailed, PostNotice
from messages.statement import verbatim
from simulator.environment.network import Window

MS = 1_000_000
DELAY_MS = 120


@dataclass(slots=True)
class Siren:
    """The server behind the webhook; outlives processes. `taken` are the texts that it was told, and when (wall)."""

    now_ns: Callable[[], int]
    wall_ns: Callable[[], int]
    count: Callable[[str], None]
    outages: tuple[Window, ...] = ()
    taken: list[tuple[int, str]] = field(default_factory=list)

    @property
    def down(self) -> bool:
        return any(window.holds(self.now_ns() // MS) for window in self.outages)

    def make_peace(self) -> None:
        self.outages = ()


class Wire:
    """One process's way to it; satisfies the actors' `Channel`. What is on its way when a process dies is lost."""

    def __init__(
        self, siren: Siren, *, later: Callable[[int, Callable[[], None]], object], tell: Callable[[str, Message], None]
    ) -> None:
        self._siren = siren
        self._later = later
        self._tell = tell

    def request(self, message: Message) -> None:
        if isinstance(message, PostNotice):
            self._later(DELAY_MS * MS, lambda: self._post(message))

    def _post(self, notice: PostNotice) -> None:
        siren = self._siren
        if siren.down:
            siren.count("webhook down")
            answer: Message = PostFailed(request_id=notice.request_id, cause=verbatim("HTTP 503"), retry_after_ms=0)
        else:
            siren.taken.append((siren.wall_ns(), notice.text))
            answer = Posted(request_id=notice.request_id)
        self._tell(notice.reply_to, answer)

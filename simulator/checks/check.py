"""What every check of an invariant has in common: the truth that it reads, and the moments at which it looks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from adapters.paper.answer import Answer
from messages.base import Event, Message
from simulator.environment.network import Sent
from simulator.environment.process import Process
from simulator.environment.truth import Books, Deal, Ledger, Loss

SECOND = 1_000_000_000
Finding = tuple[str, str, int]
"""An invariant, what is wrong, and the position concerned (0: none alone)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Disk, venue and time; `fail` keeps the first violation: invariant, text, ordinal."""

    ledger: Ledger
    books: Books
    now_ns: Callable[[], int]
    wall_ns: Callable[[], int]
    """The machine's clock, which may be set."""
    fail: Callable[[str, str, int], None]


class Check:
    """Looks at nothing by itself; each check overrides the moments that its invariant is about.

    `invariants` names what it checks, `when` at which moments, for the table in `invariants.MOMENTS`.
    """

    invariants: tuple[str, ...] = ()

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._ledger = truth.ledger
        self._books = truth.books

    def born(self) -> None:
        """A process began."""

    def died(self) -> None:
        """A process was killed."""

    def forget(self, loss: Loss) -> None:
        """Steps at the journal's end are gone, and the ledger with them: what was known of those alone is not."""

    def unrecorded(self) -> None:
        """The records of what command ids stand for are lost."""

    def event(self, ordinal: int, event: Event) -> None:
        """An event became durable; the ledger has folded it."""

    def dealt(self, deal: Deal) -> None:
        """The venue traded, for whomever."""

    def sent(self, sent: Sent) -> None:
        """A request left a process."""

    def tried(self, sent: Sent) -> None:
        """A request was to leave a process, and no connection was made for it."""

    def arrived(self, sent: Sent) -> None:
        """A request reached the venue, which has answered it."""

    def heard(self, sent: Sent, answer: Answer) -> None:
        """An answer came off the wire."""

    def streamed(self, account: str, event: Mapping[str, object], *, brought: bool) -> None:
        """The venue had an event for an account's open socket; the network brought it, or swallowed it."""

    def delivered(self, address: str, message: object) -> None:
        """A message was handled by the actor at this address."""

    def offered(self, address: str, message: Message) -> None:
        """A message from outside was put into the mailbox of this address."""

    def told(self, message: Message) -> None:
        """Something was shown to the outside."""

    def quarantined(self, message: object) -> None:
        """An actor failed too often."""

    def tick(self, process: Process) -> None:
        """Time passed; no actor is in the middle of a step."""

    def unsettled(self) -> list[Finding]:
        """In peace: what is not yet as it should be at the end."""
        return []

    def _fail(self, invariant: str, text: str, ordinal: int = 0) -> None:
        self._truth.fail(invariant, text, ordinal)


def lookers(checks: Sequence[Check], moment: str) -> tuple[Callable[..., None], ...]:
    """The methods of those checks that look at this moment."""
    nothing = getattr(Check, moment)
    return tuple(getattr(each, moment) for each in checks if getattr(type(each), moment) is not nothing)

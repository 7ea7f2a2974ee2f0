"""I16 and the chat's part of I14, from what the chat's server has seen and what the disk holds.

I16: every CRITICAL or WARNING (the original system's HIGH) notice that is durable, be it in the notifier's own
history or among the effects of somebody's step, is shown in the chat at least once after it came to be.
I14: what a chat command did was said by the owner, and confirmed by his own press, and it is what he said.
"""

from collections.abc import Sequence
from functools import lru_cache
from html import unescape

from actors.language.markup import untagged
from actors.language.words import Words
from actors.telegram.grammar import Request, parse
from adapters.locales import load
from messages import events as e
from messages.base import Event
from messages.notices import NoticeQueued
from messages.requests import Notify
from messages.telegram import UpdateTaken
from messages.types import Severity
from simulator.checks.check import SECOND, Check, Finding, Truth
from simulator.environment.chat import OWNER, ChatServer
from simulator.environment.damage import messages_of
from simulator.environment.truth import Loss

TOLD = frozenset({Severity.CRITICAL, Severity.WARNING})
JUMPS_NS = 10 * SECOND
"""A notice is told after it came to be, by a clock that may have been set in between."""
LATE_NS = 60 * SECOND
PACED_NS = 70 * SECOND
_CHANGING = ("/open", "/close", "/modify", "/pause", "/resume")
_BY_CHAT = "tg-"
PHONE = Words(catalog=load("en"))


class Telling(Check):
    """At every durable event; at the end what the owner was not told."""

    invariants = ("I14", "I16")

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self.server: ChatServer | None = None
        self._queued: list[tuple[int, NoticeQueued, int]] = []
        """Since when, what, and to whom."""
        self._wanted: list[tuple[int, Notify, int]] = []
        self._read_to = 0
        self._executed: dict[str, UpdateTaken] = {}
        self.checked = 0

    def event(self, ordinal: int, event: Event) -> None:
        if self.server is None:
            return
        match event:
            case NoticeQueued(severity=severity, recipients=recipients) if severity in TOLD:
                for user in self.server.plan.users:
                    if str(user) not in recipients:
                        self._fail("I16", f"notice {event.number} is to reach {recipients}, not {user}")
                    self._queued.append((event.ts_init - JUMPS_NS, event, user))
            case UpdateTaken():
                self._heard(event, self.server)
                if event.command is not None:
                    self._taken(event, self.server)
            case e.PositionRequested(command_id=command_id) if command_id.startswith(_BY_CHAT):
                self._opened(ordinal, event, self.server)

    def forget(self, loss: Loss) -> None:
        """Notices and presses of which nothing is left."""
        gone = {id(event) for _, event in loss.events}
        self._queued = [each for each in self._queued if id(each[1]) not in gone]  # of whoever was to have it
        self._executed = {name: event for name, event in self._executed.items() if id(event) not in gone}

    # I14 ---------------------------------------------------------------------------------------------------

    def _heard(self, event: UpdateTaken, server: ChatServer) -> None:
        """Nobody but the owner is listened to, and nothing that he said long ago is carried out."""
        if event.user_id != OWNER:
            self._fail("I14", f"{event.user_id} is no user, and was heard: {event.verdict}")
        said_ns = server.said_ns.get(event.update_id, event.ts_init)
        late = event.ts_init - said_ns > LATE_NS + JUMPS_NS
        if late and event.verdict == "taken" and event.text.startswith(_CHANGING):
            self._fail("I14", f"{event.text!r} was taken {(event.ts_init - said_ns) // SECOND} s after it was said")

    def _taken(self, event: UpdateTaken, server: ChatServer) -> None:
        """A command leaves only with the owner's press, each press lets out one, and no other command twice."""
        if event.verdict == "acknowledged":
            return
        if event.update_id not in {press.update_id for press in server.pressed} or event.user_id != OWNER:
            self._fail("I14", f"{event.command} left with update {event.update_id}, which confirms nothing")
        name = str(getattr(event.command, "command_id", ""))
        before = self._executed.setdefault(name, event)
        if before is not event:
            self._fail("I14", f"{name} was confirmed by updates {before.update_id} and {event.update_id}")
        if int(name.removeprefix(_BY_CHAT)) not in server.said:
            self._fail("I14", f"{name} was never said by the owner")

    def _opened(self, ordinal: int, event: e.PositionRequested, server: ChatServer) -> None:
        text = server.said.get(int(event.command_id.removeprefix(_BY_CHAT)), "")
        said = parse(text, "")
        if event.command_id not in self._executed:
            self._fail("I14", f"{event.command_id} opens {ordinal}, and nobody confirmed it", ordinal)
        wanted = (said.symbol, said.side, said.quantity) if isinstance(said, Request) else ()
        if wanted != (event.key.symbol, event.key.side, event.quantity):
            self._fail("I14", f"{text!r} opened {event.quantity} of {event.key}", ordinal)

    # I16 ---------------------------------------------------------------------------------------------------

    def unsettled(self) -> list[Finding]:
        if self.server is None:
            return []
        self._read_effects(self.server.plan.users)
        shown = shown_to(self.server)
        self._queued = [each for each in self._queued if not reached(each[0], each[1].text, shown[each[2]])]
        self._wanted = [each for each in self._wanted if not reached(each[0], each[1].text, shown[each[2]])]
        waiting = {each.text for since_ns, each, _ in self._queued if self._paced(since_ns + JUMPS_NS, each)}
        queued = [
            ("I16", f"notice {each.number} never came to {user}: {each.text}", 0)
            for _, each, user in self._queued
            if each.text not in waiting
        ]
        wanted = [
            ("I16", f"{user} was never told: {each.text}", 0)
            for _, each, user in self._wanted
            if each.text not in waiting
        ]
        return queued + wanted

    def _paced(self, since_ns: int, notice: NoticeQueued) -> bool:
        """What is not critical keeps to a number a minute, and is told after it; no peace is long enough for that."""
        age_ns = self._truth.wall_ns() - since_ns
        return notice.severity is not Severity.CRITICAL and age_ns < PACED_NS

    def _read_effects(self, users: Sequence[int]) -> None:
        """What steps on the disk wanted told; a text within its cooldown may have been told just before."""
        steps = self._ledger.image.steps
        for row in steps[self._read_to :]:
            if row[1] in self._ledger.damaged:
                continue  # what its last step wanted told is not legible any more; the damage itself is told
            for message in messages_of(row):
                if isinstance(message, Notify) and message.severity in TOLD:
                    self._wanted += [(0, message, user) for user in users]
                    self.checked += 1
        self._read_to = len(steps)


def shown_to(server: ChatServer) -> dict[int, list[tuple[int, str]]]:
    """What stands in each user's chat, as a reader has it, and since when by the wall's clock."""
    shown: dict[int, list[tuple[int, str]]] = {user: [] for user in server.plan.users}
    for each in server.shown:
        shown.setdefault(each.chat_id, []).extend((each.shown_ns, _as_read(text)) for text in each.texts)
    return shown


@lru_cache(maxsize=4_096)
def _as_read(text: str) -> str:
    return unescape(untagged(text))


def reached(since_ns: int, text: str, shown: list[tuple[int, str]]) -> bool:
    """Whether it is shown since then: as it is, or as the chat says it, which has commands of its own."""
    forms = {str(text), PHONE.say(text)}
    return any(at_ns >= since_ns and any(form in said for form in forms) for at_ns, said in shown)

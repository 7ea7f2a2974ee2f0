"""I25: the effects that a step offers are the effects on the disk, and each of them arrives, whichever write landed.

What is offered is what the journal's actor is handed first; what is kept is read from the disk by its bytes. A later
try offers the same. Histories of the notifier and the chat are an exception that their owners ask for: a fact that
must not be lost is offered again without the effects, of which the owner has been told that they are not done.

An effect has arrived when the actor at its address has handled it. It may wait in the mailbox there as long as that
actor waits for the disk or for its next life. It may not be in neither place.
"""

from dataclasses import dataclass

from adapters.storage import record
from adapters.storage.batch import StepRow
from adapters.storage.memory import _as_record
from messages.addresses import is_gateway
from messages.base import Message
from messages.coders import DecodeError
from messages.journal import OWN_COMMANDS, AppendStep, Effect
from messages.requests import Reply, SubmitOrder
from simulator.checks.check import SECOND, Check, Truth
from simulator.environment.process import Process
from simulator.environment.truth import NOTIFIERS, Loss

JOURNAL = "journal"
ARRIVES_NS = SECOND
"""The journal lets an effect out in the instant of its commit, into a mailbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An effect of a durable step that has not been handled yet."""

    ordinal: int
    effect: Effect
    since_ns: int


class Offered(Check):
    """At each step that the journal is handed, each that is on the disk, each message handled, each tick."""

    invariants = ("I25",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._offers: dict[tuple[int, int], list[AppendStep]] = {}
        """By history and version: the first try of each step that may still be written there."""
        self._expected: dict[str, list[Expected]] = {}
        self._submits: dict[str, Message] = {}
        """By order: what the disk says that its gateway is asked."""
        self._rows = 0

    def died(self) -> None:
        """What was under way may have become durable all the same; its effects are the next start's affair."""
        self._read()
        self._offers.clear()
        self._expected.clear()

    def forget(self, loss: Loss) -> None:
        self._rows = len(self._ledger.image.steps)
        for name in loss.intents:
            self._submits.pop(name, None)

    # What is offered, and what is kept -----------------------------------------------------------------

    def delivered(self, address: str, message: object) -> None:
        if address == JOURNAL:
            if isinstance(message, AppendStep):
                self._offer(message)
            self._read()
            return
        if address in self._expected:
            self._arrived(address, message)
        if isinstance(message, SubmitOrder) and is_gateway(address):
            self._asked(address, message)

    def _offer(self, step: AppendStep) -> None:
        offers = self._offers.setdefault((step.ordinal, step.version), [])
        if step.ordinal > NOTIFIERS and any(each.events == step.events for each in offers):
            return  # another try of it; the first one counts
        offers.append(step)

    def _read(self) -> None:
        steps = self._ledger.image.steps
        if len(steps) == self._rows:
            return
        for row in steps[self._rows :]:
            self._kept(row)
        self._rows = len(steps)

    def _kept(self, row: StepRow) -> None:
        ordinal, version = row[1], row[2]
        offers = self._offers.get((ordinal, version))
        if not offers:
            return  # at its start a process writes some that no actor offers
        try:
            effects = record.decode_effects(_as_record(row))
            step = self._step_of(row, offers, effects)
        except DecodeError:
            return  # a bit has flipped since
        if ordinal == OWN_COMMANDS:
            offers.remove(step)
        else:
            del self._offers[ordinal, version]
        kept = tuple(effect for effect in step.effects if type(effect.message) is not Reply)
        if effects != kept:
            text = f"step {version} of {step.position_id} offers {_listed(kept)}, and the disk has {_listed(effects)}"
            self._fail("I25", text, max(ordinal, 0))
        for effect in effects:
            if isinstance(effect.message, SubmitOrder):
                self._submits[effect.message.client_order_id] = effect.message
        now_ns = self._truth.now_ns()
        for effect in step.effects:
            expected = Expected(ordinal=max(ordinal, 0), effect=effect, since_ns=now_ns)
            self._expected.setdefault(effect.to, []).append(expected)

    def _step_of(self, row: StepRow, offers: list[AppendStep], effects: tuple[Effect, ...]) -> AppendStep:
        """Which of the steps that were offered as this version is the one on the disk."""
        if len(offers) == 1:
            return offers[0]
        if row[1] == OWN_COMMANDS:
            return next((each for each in offers if each.effects == effects), offers[0])
        events = record.decode_events(_as_record(row))
        same = [each for each in offers if each.events == events]
        return next((each for each in same if each.effects == effects), (same or offers)[0])

    # What arrives --------------------------------------------------------------------------------------

    def _arrived(self, address: str, message: object) -> None:
        expected = self._expected[address]
        for which, each in enumerate(expected):
            if each.effect.message is message or each.effect.message == message:
                del expected[which]
                break
        if not expected:
            del self._expected[address]

    def _asked(self, address: str, order: SubmitOrder) -> None:
        kept = self._submits.get(order.client_order_id)
        if kept is not None and kept != order:
            self._fail("I25", f"{address} is asked for {order}, and the step on the disk says {kept}")

    def tick(self, process: Process) -> None:
        now_ns = self._truth.now_ns()
        for address, expected in list(self._expected.items()):
            late = [each for each in expected if now_ns - each.since_ns > ARRIVES_NS]
            for each in late:
                if not process.keeps(address, each.effect.message):
                    text = f"{type(each.effect.message).__name__} to {address} is on the disk, and has not arrived"
                    self._fail("I25", f"{text}: {each.effect.message}", each.ordinal)


def _listed(effects: tuple[Effect, ...]) -> str:
    return ", ".join(f"{type(each.message).__name__} to {each.to}" for each in effects) or "none"

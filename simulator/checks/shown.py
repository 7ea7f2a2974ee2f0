"""I30: what is shown is what is there. In peace positions, status and discrepancies are asked for, as people ask.

Positions are held against the disk and the venue's books, what counts or judges against the same. The venue says what
rests and at which price, and what the mark is. An answer that differs is asked for again: something may be on its way.
"""

from collections.abc import Iterator, Sequence

from actors.position.state import Position
from messages import commands as c
from messages import reports as r
from messages.addresses import CONTROL
from messages.base import Message
from messages.reconciliation import DiscrepanciesAnswer, ListDiscrepancies, Outcome
from messages.status import Level, StatusRow
from messages.types import CommandId
from messages.wording.status import Status
from simulator.checks.check import Check, Finding, Truth
from simulator.environment.truth import ZERO, Loss, position_of
from simulator.plans.retiring import retired

QUESTIONS = tuple(CommandId(name) for name in ("shown-positions", "shown-all", "shown-status", "shown-discrepancies"))
LISTED_MOST = 1_000
READS_IN_PEACE = 2
"""Positions and orders."""
READS_IN_TURN = 8
"""Several accounts share the budget of an address: reads of a resync, of a comparison and of one symbol wait there."""
_WELL = {
    Status.VENUE: frozenset({Status.UP.code}),
    Status.STREAM: frozenset({Status.UP.code, Status.MUTE.code}),
}
_WITHOUT_END = frozenset({Status.STREAM.code, Status.UNSEEN.code})
"""A mute stream is mute until it reports a change, a critical notice unseen until a person acknowledges it."""


class Shown(Check):
    """In peace, at each answer to one of these questions."""

    invariants = ("I30",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._wrong: dict[CommandId, list[Finding]] = {}
        self._lost = False

    def forget(self, loss: Loss) -> None:
        """Holds that a start puts where steps are missing are nobody's pause."""
        self._lost = True

    def questions(self) -> tuple[c.Command, ...]:
        """From now on each is owed an answer."""
        self._wrong = {name: [("I30", f"{name} has no answer", 0)] for name in QUESTIONS}
        live, everything, status, differing = QUESTIONS
        return (
            c.ListPositions(command_id=live, reply_to=CONTROL),
            c.ListPositions(command_id=everything, reply_to=CONTROL, terminal=True),
            c.ReadStatus(command_id=status, reply_to=CONTROL),
            ListDiscrepancies(command_id=differing, reply_to=CONTROL, most=LISTED_MOST),
        )

    def told(self, message: Message) -> None:
        name = getattr(message, "command_id", None)
        if name not in self._wrong:
            return
        match message:
            case r.PositionsAnswer():
                said = (*self._listed(message), *self._silent(message), *self._priced(message))
            case r.StatusAnswer():
                said = tuple(self._counted(message))
            case DiscrepanciesAnswer():
                said = tuple(self._differing(message))
            case _:
                said = ((f"{name} is answered {message}", 0),)
        self._wrong[name] = [("I30", text, ordinal) for text, ordinal in said]

    def unsettled(self) -> list[Finding]:
        return [finding for found in self._wrong.values() for finding in found]

    # Positions -------------------------------------------------------------------------------------------

    def _listed(self, answer: r.PositionsAnswer) -> Iterator[tuple[str, int]]:
        whole = answer.command_id == QUESTIONS[1]
        shown = {view.ordinal: view for view in answer.views}
        live: dict[int, set[str]] = {}
        for name in self._books.open_names():
            live.setdefault(position_of(name) or 0, set()).add(name)
        for ordinal, position in self._ledger.positions.items():
            view = shown.pop(ordinal, None)
            if view is None:
                if not position.state.terminal:
                    yield f"{position.position_id} is {position.state}, and is not listed", ordinal
            elif position.state.terminal and not whole:
                yield f"{position.position_id} is {position.state}, and is listed", ordinal
            else:
                yield from ((text, ordinal) for text in self._viewed(view, position, live.get(ordinal, set())))
        for ordinal, view in shown.items():
            if ordinal not in self._ledger.damaged:
                yield f"{view.position_id} is listed, and there is none", ordinal

    def _viewed(self, view: r.PositionView, p: Position, names: set[str]) -> Iterator[str]:
        pairs: Sequence[tuple[str, object, object]] = (
            ("name", view.position_id, p.position_id),
            ("place", (view.account, view.symbol, view.side, view.strategy), _place(p)),
            ("state", view.state, p.state),
            ("version", view.version, p.version),
            ("quantity", view.quantity, self._ledger.sums.get(p.ordinal, ZERO)),
            ("goal", view.goal_quantity, p.goal_quantity),
            ("wishes", (view.stop_loss, view.take_profit, view.trailing), (p.stop_loss, p.take_profit, p.trailing)),
            ("entry price", view.entry_price, p.entry_price),
            ("result", view.realized_pnl, p.realized_pnl),
        )
        for what, shown, there in pairs:
            if shown != there:
                yield f"{p.position_id} is shown with {what} {shown}; it is {there}"
        if p.state.terminal:
            return
        if {order.client_order_id for order in view.orders} != names:
            yield f"{p.position_id} is shown with orders {[o.client_order_id for o in view.orders]}; live are {names}"
        for order in view.orders:
            if order.filled_quantity != self._books.executed(order.client_order_id):
                yield f"{order.client_order_id} is shown as filled {order.filled_quantity}"
            triggers = {algo.trigger_price for algo in self._books.algos.get(order.client_order_id, ())}
            if order.purpose == "stop" and triggers and order.price not in triggers:
                yield f"{order.client_order_id} is shown at {order.price}; the venue has {triggers}"

    def _silent(self, answer: r.PositionsAnswer) -> Iterator[tuple[str, int]]:
        over = retired(self._ledger)
        expected = {p.position_id for ordinal, p in self._ledger.damaged.items() if ordinal not in over}
        if (found := {name for name, *_ in answer.silent}) != expected:
            yield f"{found} are shown as silent; those whose history is damaged are {expected}", 0

    def _priced(self, answer: r.PositionsAnswer) -> Iterator[tuple[str, int]]:
        """In peace no price moves, so that the last one is known everywhere."""
        markets = self._books.venue.exchange.markets
        for account, symbol, price in answer.marks:
            if symbol in markets and price != markets[symbol].mark:
                yield f"{symbol} of {account} is shown at {price}; its mark is {markets[symbol].mark}", 0

    # Status ----------------------------------------------------------------------------------------------

    def _counted(self, answer: r.StatusAnswer) -> Iterator[tuple[str, int]]:
        rows = {(row.section, row.name.code): row for row in answer.rows}
        over = retired(self._ledger)
        live = [p for p in self._ledger.positions.values() if not p.state.terminal]
        silent = len(self._ledger.damaged.keys() - over.keys())
        counts = {Status.LIVE: len(live), Status.BROKEN: silent}
        for name, number in counts.items():
            yield from self._says(rows.get((Status.POSITIONS(), name.code)), "n", number)
        queued_most = READS_IN_TURN if len(self._books.accounts) > 1 else READS_IN_PEACE
        for account in self._books.accounts:
            section = Status.ACCOUNT(name=account.name)
            for name, good in _WELL.items():
                row = rows.get((section, name.code))
                if row is None or row.value.code not in good:
                    yield f"{account.name} is well, and its status says {row}", 0
            for name, most in ((Status.OUTSTANDING, READS_IN_PEACE), (Status.QUEUED, queued_most)):
                row = rows.get((section, name.code))
                if row is not None and int(str(row.value.args.get("n", 0))) > most:
                    yield f"nothing is asked for, and the status says {row}", 0
        yield from self._judged(answer, silent, live)

    def _says(self, row: StatusRow | None, name: str, number: int) -> Iterator[tuple[str, int]]:
        if row is None or row.value.args.get(name) != number:
            yield f"the status says {row}; it is {number}", 0

    def _judged(self, answer: r.StatusAnswer, silent: int, live: Sequence[Position]) -> Iterator[tuple[str, int]]:
        """A silent position wants a person. Nothing does where nothing is held, open, or asked."""
        level, concerns = answer.verdict.level, answer.verdict.concerns
        if silent and level is not Level.ACT:
            yield f"{silent} positions are silent, and the verdict is {level}", 0
        if silent or live or self._ledger.escalated() or self._ledger.damaged or self._lost or self._paused():
            return
        concerns = tuple(each for each in concerns if each.name.code not in _WITHOUT_END)
        if concerns:
            yield f"nothing is held or open, and the verdict is {level}: {[str(each.reason) for each in concerns]}", 0

    def _paused(self) -> bool:
        return any(type(event).__name__ == "OpeningsPaused" for event in self._ledger.events.get(0, ()))

    # Discrepancies ---------------------------------------------------------------------------------------

    def _differing(self, answer: DiscrepanciesAnswer) -> Iterator[tuple[str, int]]:
        waiting = set(self._ledger.escalated())
        for record in answer.discrepancies:
            if (record.outcome is Outcome.ESCALATED) != (record.discrepancy_id in waiting):
                yield f"{record.discrepancy_id} is shown as {record.outcome}; waiting for a human are {waiting}", 0
        if missing := waiting - {record.discrepancy_id for record in answer.discrepancies}:
            yield f"{missing} wait for a human, and are not listed", 0


def _place(p: Position) -> tuple[object, ...]:
    return p.key.account, p.key.symbol, p.key.side, p.key.strategy

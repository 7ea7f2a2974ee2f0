"""A supervisor in the simplest way possible: positions in a dict, answers at once, behind the real server."""

import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from actors.supervisor.known_names import nothing_matches
from actors.supervisor.modify_checks import close_of, matches
from messages.base import Message
from messages.codec import encode
from messages.commands import (
    AssignPosition,
    CloseAll,
    CloseMatching,
    ClosePosition,
    Command,
    ListPositions,
    ModifyPosition,
    OpenPosition,
    ReadHistory,
    ReadStatus,
    Reconcile,
)
from messages.events import CloseRequested, StateChanged
from messages.ids import position_id
from messages.reconciliation import ReconcileAnswer, Unproven
from messages.reports import HistoryAnswer, PositionsAnswer, PositionView, StatusAnswer
from messages.requests import Reply
from messages.statement import Statement, verbatim
from messages.status import Rows, Verdict, row
from messages.types import (
    AccountId,
    CommandId,
    Key,
    PositionId,
    PositionSide,
    PositionState,
    ReplyCode,
    Silence,
    StrategyId,
    Symbol,
)
from messages.wording.status import Status

SINCE_NS = 1_750_000_000_123_456_789
MARK = Decimal(60100)


def view(ordinal: int = 1, **changes: object) -> PositionView:
    symbol = Symbol(str(changes.get("symbol", "BTCUSDT")))
    key = Key(
        account=AccountId("main"),
        symbol=symbol,
        side=PositionSide.LONG,
        strategy=StrategyId(str(changes.get("strategy", "manual"))),
    )
    plain = PositionView(
        position_id=position_id(key, ordinal),
        ordinal=ordinal,
        account=key.account,
        symbol=symbol,
        strategy=key.strategy,
        side=key.side,
        state=PositionState.ACTIVE,
        previous=PositionState.OPENING,
        since_ns=SINCE_NS,
        transitions=2,
        version=7,
        quantity=Decimal("0.010"),
        entry_price=Decimal("60000.1"),
        realized_pnl=Decimal(0),
        fees=Decimal("0.24"),
        leverage=5,
        stop_loss=Decimal(58000),
        take_profit=None,
        protected=True,
        in_doubt=False,
        goal_quantity=None,
        reason=verbatim("filled"),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


class FakeSupervisor:
    """`submit` is the door.

    Behavior is changed by attributes: `full`, `full_times` (how many askings meet a full queue), `silent`, `refusal`,
    `unread`, `unproven`, `opened_as`, `broken`, `nameless` (it does not know any more what an opening opened).
    """

    def __init__(self) -> None:
        self.deliver: Callable[[Message], None] = lambda message: None
        self.received: list[Message] = []
        self.views: dict[PositionId, PositionView] = {}
        self.replies: dict[CommandId, Reply] = {}
        self.broken: tuple[tuple[PositionId, Silence, Statement], ...] = ()
        self.nameless = False
        self.full = False
        self.full_times = 0
        self.silent = False
        self.refusal = ""
        self.code = ReplyCode.DECIDED
        self.unread = ""
        self.unproven: tuple[Unproven, ...] = ()
        self.opened_as = PositionState.ACTIVE
        self.opened_protected = True
        self.status_rows: Rows = ()
        self.verdict = Verdict()
        self.heard = threading.Event()

    def submit(self, message: Message) -> bool:
        self.full_times -= 1
        if self.full or self.full_times >= 0:
            return False
        self.received.append(message)
        self.heard.set()
        if not self.silent:
            assert isinstance(message, Command)
            self.answer(message)
        return True

    def answer(self, command: Command) -> None:
        if isinstance(command, ListPositions):
            self.deliver(self._positions(command))
        elif isinstance(command, ReadStatus):
            own = (row(Status.POSITIONS(), Status.LIVE, len(self.views)),)
            rows = own + self.status_rows
            self.deliver(
                StatusAnswer(command_id=command.command_id, to=command.reply_to, rows=rows, verdict=self.verdict)
            )
        elif isinstance(command, ReadHistory):
            self.deliver(self._history(command))
        elif isinstance(command, Reconcile):
            self.deliver(self._reconciled(command))
        else:
            reply = self.replies.get(command.command_id) or self._reply(command)
            self.replies[command.command_id] = reply
            self.deliver(reply)

    def _reconciled(self, command: Reconcile) -> ReconcileAnswer:
        return ReconcileAnswer(
            command_id=command.command_id,
            to=command.reply_to,
            checked=len(self.views),
            discrepancies=1,
            attempted=1,
            succeeded=1,
            elapsed_ms=1500,
            failed=verbatim(self.unread),
            unproven=self.unproven,
        )

    def keep(self, shown: PositionView) -> None:
        self.views[shown.position_id] = shown

    def _positions(self, command: ListPositions) -> PositionsAnswer:
        views = tuple(
            shown
            for shown in self.views.values()
            if command.position_id in (None, shown.position_id)
            and (command.terminal or not shown.state.terminal)
            and command.symbol in (None, shown.symbol)
            and command.account in (None, shown.account)
            and command.strategy in (None, shown.strategy)
        )
        return PositionsAnswer(
            command_id=command.command_id,
            to=command.reply_to,
            views=views,
            marks=((AccountId("main"), Symbol("BTCUSDT"), MARK),),
            silent=self.broken,
        )

    def _history(self, command: ReadHistory) -> HistoryAnswer:
        events = (
            CloseRequested(
                ts_init=SINCE_NS, command_id=CommandId("c1"), goal_quantity=Decimal(0), why=verbatim("asked by a human")
            ),
            StateChanged(
                ts_init=SINCE_NS + 1_000_000,
                before=PositionState.ACTIVE,
                after=PositionState.CLOSING,
                because=verbatim("close"),
            ),
        )
        return HistoryAnswer(
            command_id=command.command_id,
            to=command.reply_to,
            position_id=command.position_id,
            records=tuple(encode(event) for event in events),
            found=command.position_id in self.views,
        )

    def _reply(self, command: Command) -> Reply:
        if self.refusal:
            return self._said(command, None, accepted=False, text=self.refusal)
        if isinstance(command, CloseMatching):
            return self._close_matching(command)
        if isinstance(command, OpenPosition):
            return self._open(command)
        if (
            isinstance(command, ClosePosition | ModifyPosition | AssignPosition)
            and command.position_id not in self.views
        ):
            return self._said(command, command.position_id, accepted=False, text="no such position")
        if isinstance(command, ClosePosition):
            return self._close(command)
        if isinstance(command, AssignPosition):
            shown = view(len(self.views) + 1, strategy=command.strategy)
            self.keep(shown)
            return self._said(command, shown.position_id)
        if isinstance(command, CloseAll):
            for shown in list(self.views.values()):
                self.keep(replace(shown, state=PositionState.CLOSED, quantity=Decimal(0)))
            return self._said(command, None, text=f"closing {len(self.views)} positions")
        return self._said(command, None)

    def _open(self, command: OpenPosition) -> Reply:
        shown = view(
            len(self.views) + 1,
            symbol=command.symbol,
            strategy=command.strategy,
            quantity=command.quantity,
            stop_loss=command.stop_loss,
            state=self.opened_as,
            protected=self.opened_protected,
            command_ids=(command.command_id,),
            reason="margin is insufficient" if self.opened_as is PositionState.FAILED else "filled",
        )
        self.keep(shown)
        if self.nameless:
            return self._said(command, None, text="that was carried out before")
        return self._said(command, shown.position_id)

    def _close_matching(self, command: CloseMatching) -> Reply:
        live = [shown for shown in self.views.values() if not shown.state.terminal]
        found = [shown for shown in live if matches(command, shown)]
        if len(found) != 1:
            names = ", ".join(shown.position_id for shown in found)
            several = f"{len(found)} positions match {command.symbol}: name one of {names}"
            text = several if found else nothing_matches(command, live, self.broken)
            return self._said(command, None, accepted=False, text=text)
        return self._close(close_of(command, found[0]))

    def _close(self, command: ClosePosition) -> Reply:
        shown = self.views[command.position_id]
        left = shown.quantity * (100 - (command.percent or 100)) / 100
        state = PositionState.ACTIVE if left else PositionState.CLOSED
        ids = (*shown.command_ids, command.command_id)
        self.keep(replace(shown, quantity=left, state=state, command_ids=ids))
        return self._said(command, shown.position_id)

    def _said(self, command: Command, about: PositionId | None, *, accepted: bool = True, text: str = "") -> Reply:
        return Reply(
            command_id=command.command_id,
            to=command.reply_to,
            accepted=accepted,
            text=verbatim(text),
            position_id=about,
            code=ReplyCode.DECIDED if accepted else self.code,
        )

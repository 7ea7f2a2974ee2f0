"""Commands of strategies and of people: who may, which position it is, and on to it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from actors.position.actor import Identity
from actors.position.state import COMMANDS_REMEMBERED, Position, blank
from actors.supervisor.context import Routes, SupervisorContext, position_address
from actors.supervisor.fundings import Fundings
from actors.supervisor.history import History
from actors.supervisor.known_names import nothing_matches
from actors.supervisor.memory import Restored
from actors.supervisor.modify_checks import (
    assignment_refusal,
    change_refusal,
    close_of,
    code_of_change,
    enlarging,
    handed,
    matches,
    taker_of,
)
from actors.supervisor.openings import LEAVING_NS, Openings
from actors.supervisor.pre_trade_risk import code_of, late_refusal, refusal
from actors.supervisor.registry import Account, key_of
from actors.supervisor.verdict import note_position
from messages import commands as c
from messages import reports as r
from messages.events import CloseAllRequested
from messages.ids import parse_position_id
from messages.types import Address, CommandId, CorrelationId, Fee, Key, OrderPurpose, Worth
from messages.wording import Supervisor

FORGOTTEN_NS = 3_600_000_000_000


def heard(position: Position, command_id: CommandId, asked_ns: int) -> bool:
    """Whether a command of that wall time has reached it: a position remembers its latest commands only.

    Where it may have forgotten one, what it did an hour later says so: an emergency waits for nothing else.
    """
    if command_id in position.commands:
        return True
    return len(position.commands) >= COMMANDS_REMEMBERED and position.touched_ns - asked_ns > FORGOTTEN_NS


class CommandHandlers:
    """Holds no position's state: views are what positions published."""

    def __init__(
        self,
        context: SupervisorContext,
        openings: Openings,
        history: History,
        fundings: Fundings,
        discard: Callable[[Address], None],
    ) -> None:
        self._context = context
        self._memory = context.memory
        self._openings = openings
        self._history = history
        self._fundings = fundings
        self._discard = discard

    def routes(self) -> Routes:
        to_position = (
            c.ClosePosition, c.EmergencyClose, c.ModifyPosition, c.PausePosition, c.ResumePosition, c.AdjustPosition,
            c.CancelEntry, c.SettlePosition,
        )  # fmt: skip
        return {
            **dict.fromkeys(to_position, self._to_position),
            c.CloseMatching: self._close_matching,
            c.OpenPosition: self._open,
            c.AdoptPosition: self._adopt,
            c.AssignPosition: self._assign,
            c.CloseAll: self._close_all,
            c.CancelEntries: self._cancel_entries,
            r.PositionView: self._view,
        }

    def _open(self, command: c.OpenPosition) -> None:
        account = self._memory.accounts[command.account]
        facts = self._openings.facts(account)
        if why := refusal(command, facts):
            self._context.log(
                "INFO",
                "opening refused",
                actor="supervisor",
                correlation_id=command.correlation_id,
                symbol=command.symbol,
                why=why,
            )
            self._context.reply(command, accepted=False, text=why, code=code_of(command, facts))
            return
        self._openings.admit(command)
        self.begin(command, account)

    def _adopt(self, command: c.AdoptPosition) -> None:
        """What exists at the venue comes under supervision, by the reconciler's word."""
        known = self._memory.book.commands.get(command.command_id)
        account = self._memory.accounts[command.account]
        key = Key(account=command.account, symbol=command.symbol, side=command.side, strategy=command.strategy)
        if known is not None:
            self._context.tell_position(known, command)
        elif command.symbol not in account.instruments:
            self._context.reply(command, accepted=False, text=Supervisor.NO_PERPETUAL(symbol=command.symbol))
        elif key in self._memory.book.reserved:
            why = Supervisor.KEY_RESERVED(name=key.strategy, symbol=key.symbol, side=key.side)
            self._context.reply(command, accepted=False, text=why)
        else:
            worth = self._context.worth(command.account, command.symbol, command.fee, command.fee_currency)
            fees = tuple(self._worth_of(command, fee) for fee in command.fees)
            self.begin(replace(command, worth=worth, fees=fees), account)

    def _worth_of(self, command: c.AdoptPosition, fee: Fee) -> Fee:
        return replace(fee, worth=self._context.worth(command.account, command.symbol, fee.amount, fee.currency))

    def _assign(self, command: c.AssignPosition) -> None:
        """The strategy gets it first, and the manual position gives it once that is durable."""
        parsed = parse_position_id(command.position_id)
        view = self._memory.book.views.get(parsed[1]) if parsed is not None else None
        if self._context.settings.watch_only:
            self._context.reply(command, accepted=False, text=Supervisor.WATCH_ONLY())
        elif view is None or view.position_id != command.position_id:
            self._context.reply(command, accepted=False, text=self._context.not_found(command.position_id))
        else:
            self._hand_over(command, view, self._memory.accounts[view.account])

    def _hand_over(self, command: c.AssignPosition, view: r.PositionView, account: Account) -> None:
        facts = self._openings.facts(account)
        under_way = any(given == view.ordinal for given, _ in self._memory.given.values())
        why = assignment_refusal(command, view, facts)
        if under_way:
            why = Supervisor.BEING_HANDED(name=view.position_id)
        if why:
            self._context.reply(command, accepted=False, text=why)
            return
        taker = taker_of(command, view, facts)
        gets, gives = handed(command, view, taker)
        self._memory.given[command.command_id] = (view.ordinal, gives)
        if taker is not None:
            self._context.tell_position(taker.ordinal, gets)
        elif isinstance(gets, c.AdoptPosition):
            self.begin(gets, account)

    def begin(self, command: c.OpenPosition | c.AdoptPosition, account: Account) -> int:
        key = Key(account=command.account, symbol=command.symbol, side=command.side, strategy=command.strategy)
        ordinal = self._memory.book.reserve(key, command.command_id)
        identity = Identity(key=key, ordinal=ordinal, journal_id=self._context.settings.journal_id)
        self._context.spawn(identity, blank(key, ordinal, self._context.settings.journal_id))
        self._context.tell_position(ordinal, replace(command, instrument=account.instruments[command.symbol]))
        self._tell_leg(key, ordinal)
        return ordinal

    def _to_position(
        self,
        command: c.ClosePosition
        | c.EmergencyClose
        | c.ModifyPosition
        | c.PausePosition
        | c.ResumePosition
        | c.SettlePosition
        | c.AdjustPosition
        | c.CancelEntry,
    ) -> None:
        parsed = parse_position_id(command.position_id)
        ordinal = parsed[1] if parsed else 0
        if self._context.settings.watch_only:
            self._context.reply(command, accepted=False, text=Supervisor.WATCH_ONLY())
            return
        if self._memory.book.holder(ordinal) != command.position_id:
            self._context.reply(command, accepted=False, text=self._context.not_found(command.position_id))
            return
        if isinstance(command, c.AdjustPosition) and command.worth is None:
            command = replace(command, worth=self._worth(command))
        if isinstance(command, c.ClosePosition | c.EmergencyClose):
            command = replace(command, shared_leg=self._shared(ordinal))
            self._openings.note_leaving(ordinal, command.command_id)
        if isinstance(command, c.ModifyPosition) and not self._may_change(ordinal, command):
            return
        self._context.tell_position(ordinal, command)

    def _worth(self, command: c.AdjustPosition) -> Worth | None:
        parsed = parse_position_id(command.position_id)
        if parsed is None:
            return None
        return self._context.worth(parsed[0].account, parsed[0].symbol, command.fee, command.fee_currency)

    def _close_matching(self, command: c.CloseMatching) -> None:
        """The intake lets each id in once, so a repetition never meets what was opened since."""
        live = tuple(self._memory.book.live())
        found = [view for view in live if matches(command, view)]
        if len(found) == 1:
            self._to_position(close_of(command, found[0]))
            return
        names = tuple(view.position_id for view in found)
        several = Supervisor.MATCHES(n=len(found), symbol=command.symbol, names=names)
        silent = ((name, state, why) for name, (state, why) in self._memory.silent.items())
        self._context.reply(command, accepted=False, text=several if found else nothing_matches(command, live, silent))

    def _may_change(self, ordinal: int, command: c.ModifyPosition) -> bool:
        """Held against the account's limits and the neighbors; a repeated command was, the first time."""
        view = self._memory.book.views.get(ordinal)
        if view is None or command.command_id in view.command_ids:
            return True
        facts = self._openings.facts(self._memory.accounts[view.account])
        why = change_refusal(command, view, facts)
        if why:
            self._context.reply(command, accepted=False, text=why, code=code_of_change(command, view, facts))
        elif command.add is not None:
            self._openings.admit(enlarging(command.command_id, view, command.add), lasting_ns=LEAVING_NS)
        return not why

    def ask_again(self, ordinal: int, correlation_id: CorrelationId) -> None:
        """An entry waited for its leverage, as long as the venue took: the leg, and much else, may be otherwise by now.

        Called off before its position hears of the leverage, it never leaves.
        """
        view = self._memory.book.views.get(ordinal)
        if view is None or not view.to_come:
            return
        waiting = enlarging(CommandId(""), view, view.to_come)
        why = late_refusal(waiting, self._openings.facts(self._memory.accounts[view.account]))
        if why:
            call_off = c.CancelEntry(
                command_id=CommandId(""),
                correlation_id=correlation_id,
                position_id=view.position_id,
                why=Supervisor.LEVERAGE_WAITED(why=why),
            )
            self._context.tell_position(ordinal, call_off)

    def _shared(self, ordinal: int) -> bool:
        """Another position stands on the same leg of the venue, or is about to: a stop of this one could eat it.

        Admitted is enough: an opening's view comes after its commit, and a close may be asked for in between.
        """
        mine = self._memory.book.keys.get(ordinal)
        return mine is not None and self._memory.book.shares(mine)

    def _tell_leg(self, key: Key, ordinal: int, *, others: bool = True) -> None:
        """Each that does not know yet whether it is alone on its leg is told; what has no view yet, when it has one.

        The first two are told of each other, and the last one that it is alone again. One that comes to two others
        changes nothing for them: so a leg of thousands costs each of them one message.
        """
        book = self._memory.book
        shared = book.shares(key)
        for each in sorted({ordinal, *(book.few_on(key) or () if others else ())}):
            view = book.views.get(each)
            if view is not None and each in book.keys and view.shared_leg is not shared:
                changed = r.LegChanged(position_id=view.position_id, shared=shared)
                self._context.runtime.tell(position_address(each), changed)

    def _close_all(self, command: c.CloseAll) -> None:
        """Each closes at once; the answer comes when a process after this one would go on with it."""
        if self._context.settings.watch_only:
            self._context.reply(command, accepted=False, text=Supervisor.WATCH_ONLY())
            return
        closes = tuple(
            c.EmergencyClose(
                command_id=CommandId(f"{command.command_id}#{view.ordinal}"),
                correlation_id=command.correlation_id,
                causation_id=command.command_id,
                position_id=view.position_id,
                shared_leg=self._shared(view.ordinal),
            )
            for view in self._memory.book.live(command.account)
        )
        for close in closes:
            self._to_position(close)
        event = CloseAllRequested(
            command_id=command.command_id,
            correlation_id=command.correlation_id,
            ts_init=self._context.runtime.clock.time_ns(),
            closes=closes,
        )
        self._history.keep(event, command, self._history.closing(event, command.account))

    def go_on_closing(self, restored: Restored) -> None:
        """Whoever was to close with all others, and has not heard of it before the process ended, hears it now."""
        live = {p.position_id: p for p in restored.positions if not p.state.terminal}
        for event in restored.own_events:
            for close in event.closes if isinstance(event, CloseAllRequested) else ():
                position = live.get(close.position_id)
                if position is not None and not heard(position, close.command_id, event.ts_init):
                    self._to_position(close)

    def _cancel_entries(self, command: c.CancelEntries) -> None:
        """Of what is filled in part, the rest; of what only rests, all."""
        entering = [v for v in self._memory.book.live() if any(o.purpose is OrderPurpose.ENTRY for o in v.orders)]
        for view in () if self._context.settings.watch_only else entering:
            cancel = c.CancelEntry(
                command_id=CommandId(f"{command.command_id}#{view.ordinal}"),
                correlation_id=command.correlation_id,
                causation_id=command.command_id,
                position_id=view.position_id,
                why=Supervisor.ENTRY_CALLED_OFF(why=command.why),
            )
            self._context.tell_position(view.ordinal, cancel)
        self._context.reply(command, accepted=True, text=Supervisor.CALLING_OFF(n=len(entering)))

    def _view(self, view: r.PositionView) -> None:
        before = self._memory.book.views.get(view.ordinal)
        if before is not None and before.version >= view.version:
            return
        unseen = before is None and self._memory.first_new <= view.ordinal not in self._memory.book.finished
        self._memory.book.update(view)
        note_position(self._memory.since, view, self._context.runtime.clock.time_ns())
        if view.state.terminal and self._memory.useless:
            self._memory.useless = {told for told in self._memory.useless if told[0] != view.position_id}
        came_or_went = before is None or before.state.terminal != view.state.terminal
        self._tell_leg(key_of(view), view.ordinal, others=came_or_went)
        self._memory.taken.shown(view)
        self._fundings.changed(before, view)
        for name in self._memory.given.keys() & set(view.command_ids):
            self._context.tell_position(*self._memory.given.pop(name))
        if before is None:
            for command in self._memory.taken.met(view):
                self._context.tell_position(view.ordinal, command)
        if before is not None or unseen:
            gained = view.result - (before.result if before is not None else 0)
            day = (view.account, self._context.settings.day_of(view.touched_ns))
            self._memory.realized[day] = self._memory.realized.get(day, Decimal(0)) + gained
            if gained < 0:
                self._openings.lost(view)
        self._context.runtime.publish(view)
        for ordinal in self._memory.book.overflow():
            self._discard(position_address(ordinal))

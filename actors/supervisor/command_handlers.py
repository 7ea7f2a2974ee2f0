"""Commands to positions: checks, lookup, forwarding."""

from collections.abc import Callable
from dataclasses import replace

from actors.position.actor import Identity
from actors.position.state import COMMANDS_REMEMBERED, Position, blank
from actors.supervisor.context import Routes, SupervisorContext
from actors.supervisor.fundings import Fundings
from actors.supervisor.history import History
from actors.supervisor.known_names import nothing_matches
from actors.supervisor.memory import Restored
from actors.supervisor.modify_checks import (
    assignment_commands,
    assignment_refusal,
    change_refusal,
    close_of,
    code_of_change,
    enlarging,
    matches,
    taker_of,
)
from actors.supervisor.openings import LEAVING_NS, Openings
from actors.supervisor.pre_trade_risk import code_of, late_refusal, refusal
from actors.supervisor.registry import Account, key_of
from actors.supervisor.verdict import note_position
from messages import commands as c
from messages import reports as r
from messages.addresses import position_address
from messages.events import CloseAllRequested
from messages.ids import parse_position_id
from messages.meaning import meaning
from messages.types import Address, CommandId, CorrelationId, Fee, Key, OrderPurpose, Worth
from messages.wording import Supervisor

FORGOTTEN_NS = 3_600_000_000_000


def was_received(position: Position, command_id: CommandId, asked_ns: int) -> bool:
    """Return whether a command of wall time `asked_ns` reached the position, which remembers its latest commands only.

    If it may have dropped that one, a change an hour later counts as proof: an emergency waits for nothing else.
    """
    if command_id in position.commands:
        return True
    return len(position.commands) >= COMMANDS_REMEMBERED and position.touched_ns - asked_ns > FORGOTTEN_NS


class CommandHandlers:
    """Forwards commands to positions; it holds published views, no position's state."""

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
        """Return the handler of each command class, and of published views."""
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
        """Adopt a position that exists at the venue, for the reconciler."""
        known = self._memory.registry.commands.get(command.command_id)
        account = self._memory.accounts[command.account]
        key = Key(account=command.account, symbol=command.symbol, side=command.side, strategy=command.strategy)
        if known is not None:
            self._context.tell_position(known, command)
        elif command.symbol not in account.instruments:
            self._context.reply(command, accepted=False, text=Supervisor.NO_PERPETUAL(symbol=command.symbol))
        elif key in self._memory.registry.reserved:
            why = Supervisor.KEY_RESERVED(name=key.strategy, symbol=key.symbol, side=key.side)
            self._context.reply(command, accepted=False, text=why)
        else:
            worth = self._context.worth(command.account, command.symbol, command.fee, command.fee_currency)
            fees = tuple(self._worth_of(command, fee) for fee in command.fees)
            self.begin(replace(command, worth=worth, fees=fees), account)

    def _worth_of(self, command: c.AdoptPosition, fee: Fee) -> Fee:
        return replace(fee, worth=self._context.worth(command.account, command.symbol, fee.amount, fee.currency))

    def _assign(self, command: c.AssignPosition) -> None:
        """Hand a manual position to a strategy: the strategy books it first, then the manual position."""
        parsed = parse_position_id(command.position_id)
        view = self._memory.registry.views.get(parsed[1]) if parsed is not None else None
        if self._context.settings.watch_only:
            self._context.reply(command, accepted=False, text=Supervisor.WATCH_ONLY())
        elif view is None or view.position_id != command.position_id:
            self._context.reply(command, accepted=False, text=self._context.not_found(command.position_id))
        else:
            self._begin_assignment(command, view, self._memory.accounts[view.account])

    def _begin_assignment(self, command: c.AssignPosition, view: r.PositionView, account: Account) -> None:
        facts = self._openings.facts(account)
        under_way = any(given == view.ordinal for given, _ in self._memory.assignments.values())
        why = assignment_refusal(command, view, facts)
        if under_way:
            why = Supervisor.BEING_HANDED(name=view.position_id)
        if why:
            self._context.reply(command, accepted=False, text=why)
            return
        taker = taker_of(command, view, facts)
        takes, gives = assignment_commands(command, view, taker)
        self._memory.assignments[command.command_id] = (view.ordinal, gives)
        if taker is not None:
            self._context.tell_position(taker.ordinal, takes)
        elif isinstance(takes, c.AdoptPosition):
            self.begin(takes, account)

    def begin(self, command: c.OpenPosition | c.AdoptPosition, account: Account) -> int:
        """Reserve the key, start the position's actor and send it the command; returns the ordinal."""
        key = Key(account=command.account, symbol=command.symbol, side=command.side, strategy=command.strategy)
        ordinal = self._memory.registry.reserve(key, command.command_id)
        identity = Identity(key=key, ordinal=ordinal, journal_id=self._context.settings.journal_id)
        self._context.spawn(identity, blank(key, ordinal, self._context.settings.journal_id))
        self._context.tell_position(ordinal, replace(command, instrument=account.instruments[command.symbol]))
        self._publish_leg(key, ordinal)
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
        if self._memory.registry.holder(ordinal) != command.position_id:
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
        """Close the one position that matches. The intake passes each id once, so a repetition cannot match a newer
        position.
        """
        live = tuple(self._memory.registry.live())
        found = [view for view in live if matches(command, view)]
        if len(found) == 1:
            self._to_position(close_of(command, found[0]))
            return
        names = tuple(view.position_id for view in found)
        several = Supervisor.MATCHES(n=len(found), symbol=command.symbol, names=names)
        silent = ((name, state, why) for name, (state, why) in self._memory.silent.items())
        self._context.reply(command, accepted=False, text=several if found else nothing_matches(command, live, silent))

    def _may_change(self, ordinal: int, command: c.ModifyPosition) -> bool:
        """Check a modification against limits and neighbors; a repeated command has passed before."""
        view = self._memory.registry.views.get(ordinal)
        if view is None or command.command_id in view.command_ids:
            return True
        facts = self._openings.facts(self._memory.accounts[view.account])
        why = change_refusal(command, view, facts)
        if why:
            self._context.reply(command, accepted=False, text=why, code=code_of_change(command, view, facts))
        elif command.add is not None:
            self._openings.admit(enlarging(command.command_id, view, command.add), lasting_ns=LEAVING_NS)
        return not why

    def check_waiting_entry(self, ordinal: int, correlation_id: CorrelationId) -> None:
        """Check an entry again that waited for its leverage, and cancel it if it fails now.

        The cancel reaches the position before the leverage report, so the entry is never sent.
        """
        view = self._memory.registry.views.get(ordinal)
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
        """Return whether another position is on the leg, or admitted to it: a stop of this one could reduce that one.

        Admission counts, since an opening's view follows its commit and a close may come in between.
        """
        mine = self._memory.registry.keys.get(ordinal)
        return mine is not None and self._memory.registry.shares(mine)

    def _publish_leg(self, key: Key, ordinal: int, *, others: bool = True) -> None:
        """Send each position on the leg whether it shares it; one without a view takes it with its first view.

        Only the first two and the last are affected: a third position changes nothing for the others, so a leg of
        thousands costs one message each.
        """
        registry = self._memory.registry
        shared = registry.shares(key)
        for each in sorted({ordinal, *(registry.few_on(key) or () if others else ())}):
            view = registry.views.get(each)
            if view is not None and each in registry.keys and view.shared_leg is not shared:
                changed = r.LegChanged(position_id=view.position_id, shared=shared)
                self._context.runtime.tell(position_address(each), changed)

    def _close_all(self, command: c.CloseAll) -> None:
        """Close every position at once; answer when the event is durable and a restart would continue."""
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
            for view in self._memory.registry.live(command.account)
        )
        for close in closes:
            self._to_position(close)
        event = CloseAllRequested(
            command_id=command.command_id,
            correlation_id=command.correlation_id,
            ts_init=self._context.runtime.clock.time_ns(),
            closes=closes,
            meaning=meaning(command),
        )
        self._history.persist(event, command, self._history.closing(event, command.account))

    def go_on_closing(self, restored: Restored) -> None:
        """After a restart, repeat the closes of a close-all that their positions have not received."""
        live = {p.position_id: p for p in restored.positions if not p.state.terminal}
        for event in restored.own_events:
            for close in event.closes if isinstance(event, CloseAllRequested) else ():
                position = live.get(close.position_id)
                if position is not None and not was_received(position, close.command_id, event.ts_init):
                    self._to_position(close)

    def _cancel_entries(self, command: c.CancelEntries) -> None:
        """Cancel every entry, or the rest of a partly filled one."""
        entering = [v for v in self._memory.registry.live() if any(o.purpose is OrderPurpose.ENTRY for o in v.orders)]
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
        before = self._memory.registry.views.get(view.ordinal)
        if before is not None and before.version >= view.version:
            return
        unseen = before is None and self._memory.first_new <= view.ordinal not in self._memory.registry.finished
        self._memory.registry.update(view)
        note_position(self._memory.since, view, self._context.runtime.clock.time_ns())
        if view.state.terminal and self._memory.useless_stops:
            self._memory.useless_stops = {key for key in self._memory.useless_stops if key[0] != view.position_id}
        came_or_went = before is None or before.state.terminal != view.state.terminal
        self._publish_leg(key_of(view), view.ordinal, others=came_or_went)
        self._memory.taken.on_view(view)
        self._fundings.changed(before, view)
        for name in self._memory.assignments.keys() & set(view.command_ids):
            self._context.tell_position(*self._memory.assignments.pop(name))
        if before is None:
            for command in self._memory.taken.on_first_view(view):
                self._context.tell_position(view.ordinal, command)
        if before is not None or unseen:
            gained = view.result - (before.result if before is not None else 0)
            self._memory.results.book(view.account, self._context.settings.day_of(view.touched_ns), gained)
            if gained < 0:
                self._openings.lost(view)
        self._context.runtime.publish(view)
        for ordinal in self._memory.registry.overflow():
            self._discard(position_address(ordinal))

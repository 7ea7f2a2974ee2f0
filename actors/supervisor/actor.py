"""The supervisor actor: the one address that commands and reports come to, and the table that sends them on."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from actors.ports import Log
from actors.position.actor import Identity
from actors.position.state import Position, blank
from actors.runtime.actor import Actor, Context
from actors.supervisor.admission import Facts, Limits, beyond_liquidation, refusal
from actors.supervisor.adoption import adoptions
from actors.supervisor.book import Account, Book, Hold
from actors.supervisor.changes import change_refusal, funding_shares, liquidations_of
from actors.supervisor.forced import Taken, adjustments, is_forced, why_of
from actors.supervisor.status import Rows, rows
from messages import commands as c
from messages import lifecycle
from messages import reports as r
from messages.base import Event, Message
from messages.events import OpeningsPaused, OpeningsResumed
from messages.ids import parse_client_order_id, parse_position_id
from messages.journal import AppendStep, CommitFailed, Committed, Effect
from messages.reconciliation import AcknowledgeDiscrepancy, HoldKey, ListDiscrepancies, ReleaseKey, TradesReport
from messages.requests import Notify, Reply
from messages.types import (
    AccountId,
    Address,
    CommandId,
    JournalId,
    Key,
    OrderPurpose,
    PositionId,
    RejectReason,
    Severity,
    Symbol,
)

JOURNAL = Address("journal")
NOTIFIER = Address("notifier")
OWN_HISTORY = 0
"""The ordinal under which the supervisor keeps what it must not forget; positions count from 1."""
MINUTE_NS = 60_000_000_000
LEAVING_NS = 10_000_000_000
"""A close is durable, and its view here, well before that; a refused one holds nobody longer."""
DAY_NS = 86_400_000_000_000

Spawn = Callable[[Identity, Position | None], None]
"""Open the address of a position; a start of None is read from the journal."""
Discard = Callable[[Address], None]


def position_address(ordinal: int) -> Address:
    return Address(f"position/{ordinal}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What the journal held at start: positions to go on with, the ids of those that are over, own events."""

    positions: tuple[Position, ...] = ()
    finished: tuple[tuple[int, PositionId], ...] = ()
    own_events: tuple[Event, ...] = ()
    highest_ordinal: int = 0
    realized_today: tuple[tuple[tuple[AccountId, int], Decimal], ...] = ()
    damaged: tuple[str, ...] = ()


@dataclass(slots=True)
class Memory:
    """What outlives one life of the supervisor: all of it was told by others, or is in the journal."""

    book: Book
    accounts: dict[AccountId, Account]
    adopting: set[AccountId]
    holds: tuple[Hold, ...] = ()
    version: int = 0
    waiting: deque[tuple[Event, c.Command | None]] = field(default_factory=deque)
    openings: dict[AccountId, deque[int]] = field(default_factory=lambda: defaultdict(deque))
    realized: dict[tuple[AccountId, int], Decimal] = field(default_factory=dict)
    forgiven: dict[tuple[AccountId, int], Decimal] = field(default_factory=dict)
    gateways: dict[AccountId, r.GatewayStatus] = field(default_factory=dict)
    unsettled: dict[tuple[AccountId, Symbol], str] = field(default_factory=dict)
    taken: Taken = field(default_factory=Taken)
    useless: set[tuple[PositionId, Decimal | None]] = field(default_factory=set)
    leaving: dict[int, tuple[CommandId, int]] = field(default_factory=dict)
    """Whose close passed here, and when (monotonic): its view tells of that command only after the commit."""

    @classmethod
    def of(cls, settings: "Settings", restored: Restored) -> "Memory":
        return cls(
            book=Book(next_ordinal=restored.highest_ordinal + 1, finished=dict(restored.finished)),
            accounts={name: Account(account=name) for name in settings.accounts},
            adopting=set(settings.accounts) - _seen(restored),
            realized=dict(restored.realized_today),
        )


def utc_day(time_ns: int) -> int:
    return time_ns // DAY_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the configuration decides here.

    `limits` hold for every account that has none of its own. `day_of` numbers the days of wall time, in ns, in the
    configured zone.
    """

    journal_id: JournalId
    accounts: tuple[AccountId, ...]
    limits: Limits
    account_limits: Mapping[AccountId, Limits] = field(default_factory=dict)
    day_of: Callable[[int], int] = utc_day
    watch_only: bool = False
    finished_shown: int = 20
    reconciler: Address = Address("")
    """Told what the venue says of positions; empty: nobody is."""


def _seen(restored: Restored) -> set[AccountId]:
    """Accounts that the journal has positions of: what appears there from now on is not adopted unasked."""
    over = (parse_position_id(name) for _, name in restored.finished)
    return {p.key.account for p in restored.positions} | {parsed[0].account for parsed in over if parsed}


class SupervisorActor(Actor[Message]):
    """Holds no other's state: views are what positions published."""

    def __init__(
        self,
        context: Context,
        *,
        settings: Settings,
        restored: Restored,
        memory: Memory,
        spawn: Spawn,
        discard: Discard,
        runtime_rows: Callable[[], Rows],
        log: Log,
    ) -> None:
        super().__init__(context)
        self._settings = settings
        self._restored = restored
        self._memory = memory
        self._book = memory.book
        self._accounts = memory.accounts
        self._spawn = spawn
        self._discard = discard
        self._runtime_rows = runtime_rows
        self._log = log
        self._routes = self._route_table()

    def on_start(self) -> None:
        if self.context.incarnation > 1:
            return
        for event in self._restored.own_events:
            self._apply(event)
        for position in self._restored.positions:
            key = position.key
            self._book.reserved[key] = position.ordinal
            self._spawn(Identity(key=key, ordinal=position.ordinal, journal_id=position.journal_id), position)
        for ordinal, _ in self._restored.finished[-self._settings.finished_shown :]:
            self._revive(ordinal)
        for text in self._restored.damaged:
            self._notify(Severity.CRITICAL, f"The journal holds a damaged record: {text}")

    def receive(self, message: Message) -> None:
        self._routes[type(message)](message)

    def receive_signal(self, message: Message) -> None:
        """The journal's word on the supervisor's own history."""
        if not self._memory.waiting:
            return
        event, command = self._memory.waiting.popleft()
        if isinstance(message, CommitFailed):
            self._memory.version -= 1
            if command is not None:
                self._reply(command, accepted=False, text=f"the journal cannot be written: {message.why}")
        elif isinstance(message, Committed) and isinstance(event, OpeningsResumed):
            self._apply(event, count=False)

    # Positions -------------------------------------------------------------------------------------

    def _open(self, command: c.OpenPosition) -> None:
        known = self._book.commands.get(command.command_id)
        if known is not None:
            self._tell_position(known, command)
            return
        account = self._accounts.get(command.account)
        if account is None:
            names = ", ".join(self._accounts)
            self._reply(
                command, accepted=False, text=f"no account {command.account} in the configuration, only {names}"
            )
            return
        why = refusal(command, self._facts(account))
        if why:
            self._log(
                "INFO",
                "opening refused",
                actor="supervisor",
                correlation_id=command.correlation_id,
                symbol=command.symbol,
                why=why,
            )
            self._reply(command, accepted=False, text=why)
            return
        self._memory.openings[command.account].append(self.context.clock.monotonic_ns())
        self._book.admitted[self._begin(command, account)] = command

    def _adopt(self, command: c.AdoptPosition) -> None:
        """What exists at the venue comes under supervision, by the reconciler's word."""
        known = self._book.commands.get(command.command_id)
        account = self._accounts[command.account]
        key = Key(account=command.account, symbol=command.symbol, side=command.side, strategy=command.strategy)
        if known is not None:
            self._tell_position(known, command)
        elif command.symbol not in account.instruments:
            self._reply(command, accepted=False, text=f"{command.symbol} is not a perpetual of this venue")
        elif key in self._book.reserved:
            self._reply(command, accepted=False, text=f"strategy {key.strategy} holds {key.symbol} {key.side} already")
        else:
            self._begin(command, account)

    def _begin(self, command: c.OpenPosition | c.AdoptPosition, account: Account) -> int:
        key = Key(account=command.account, symbol=command.symbol, side=command.side, strategy=command.strategy)
        ordinal = self._book.reserve(key, command.command_id)
        identity = Identity(key=key, ordinal=ordinal, journal_id=self._settings.journal_id)
        self._spawn(identity, blank(key, ordinal, self._settings.journal_id))
        self._tell_position(ordinal, replace(command, instrument=account.instruments[command.symbol]))
        return ordinal

    def _facts(self, account: Account) -> Facts:
        recent = self._memory.openings[account.account]
        now = self.context.clock.monotonic_ns()
        while recent and now - recent[0] > MINUTE_NS:
            recent.popleft()
        return Facts(
            account=account,
            live=tuple(view for view in self._book.live() if view.account == account.account),
            reserved=self._book.reserved.keys(),
            unsettled={str(s): why for (name, s), why in self._memory.unsettled.items() if name == account.account},
            holds=self._holds(),
            limits=self._limits(account.account),
            openings_last_minute=len(recent),
            realized_today=self._realized_today(account.account),
            watch_only=self._settings.watch_only,
            admitted=tuple(e for e in self._book.admitted.values() if e.account == account.account),
            leaving=self._leaving(now),
        )

    def _to_position(
        self,
        command: c.ClosePosition
        | c.EmergencyClose
        | c.ModifyPosition
        | c.PausePosition
        | c.ResumePosition
        | c.AdjustPosition
        | c.CancelEntry,
    ) -> None:
        parsed = parse_position_id(command.position_id)
        ordinal = parsed[1] if parsed else 0
        if self._settings.watch_only:
            self._reply(command, accepted=False, text="phase2.enabled is false: Albra watches and sends nothing")
            return
        if not self._known(ordinal, command.position_id):
            self._reply(
                command, accepted=False, text=f"no position {command.position_id}; albra positions --all lists them"
            )
            return
        if isinstance(command, c.ClosePosition | c.EmergencyClose):
            command = replace(command, shared_leg=self._shared(ordinal))
            self._note_leaving(ordinal, command.command_id)
        if isinstance(command, c.ModifyPosition) and not self._may_change(ordinal, command):
            return
        self._tell_position(ordinal, command)

    def _may_change(self, ordinal: int, command: c.ModifyPosition) -> bool:
        """Held against the account's limits and the neighbors; a repeated command was, the first time."""
        view = self._book.views.get(ordinal)
        if view is None or command.command_id in view.command_ids:
            return True
        why = change_refusal(command, view, self._facts(self._accounts[view.account]))
        if why:
            self._reply(command, accepted=False, text=why)
        elif command.add is not None:
            self._memory.openings[view.account].append(self.context.clock.monotonic_ns())
        return not why

    def _note_leaving(self, ordinal: int, command_id: CommandId) -> None:
        now = self.context.clock.monotonic_ns()
        self._memory.leaving = {o: note for o, note in self._memory.leaving.items() if now - note[1] < LEAVING_NS}
        self._memory.leaving[ordinal] = (command_id, now)

    def _leaving(self, now: int) -> frozenset[int]:
        """Those whose views do not tell yet of the close that passed here."""
        return frozenset(
            ordinal
            for ordinal, (command_id, at_ns) in self._memory.leaving.items()
            if now - at_ns < LEAVING_NS
            and (view := self._book.views.get(ordinal)) is not None
            and command_id not in view.command_ids
        )

    def _known(self, ordinal: int, position_id: PositionId) -> bool:
        view = self._book.views.get(ordinal)
        if view is not None:
            return view.position_id == position_id
        parsed = parse_position_id(position_id)
        # An opening is answered when it is durable; who acts on that answer may be faster than the view of it.
        admitted = parsed is not None and self._book.reserved.get(parsed[0]) == ordinal
        return admitted or self._book.finished.get(ordinal) == position_id

    def _shared(self, ordinal: int) -> bool:
        """Another position stands on the same leg of the venue, or is about to: a stop of this one could eat it.

        Admitted is enough: an opening's view comes after its commit, and a close may be asked for in between.
        """
        mine = next((key for key, holder in self._book.reserved.items() if holder == ordinal), None)
        return mine is not None and any(
            holder != ordinal and (other.account, other.symbol, other.side) == (mine.account, mine.symbol, mine.side)
            for other, holder in self._book.reserved.items()
        )

    def _close_all(self, command: c.CloseAll) -> None:
        if self._settings.watch_only:
            self._reply(command, accepted=False, text="phase2.enabled is false: Albra watches and sends nothing")
            return
        views = [v for v in self._book.live() if command.account in (None, v.account)]
        for view in views:
            close = c.EmergencyClose(
                command_id=CommandId(f"{command.command_id}.{view.ordinal}"),
                correlation_id=command.correlation_id,
                causation_id=command.command_id,
                position_id=view.position_id,
                shared_leg=self._shared(view.ordinal),
            )
            self._note_leaving(view.ordinal, close.command_id)
            self._tell_position(view.ordinal, close)
        self._reply(command, accepted=True, text=f"closing {len(views)} positions")

    def _cancel_entries(self, command: c.CancelEntries) -> None:
        """Of what is filled in part, the rest; of what only rests, all."""
        entering = [v for v in self._book.live() if any(o.purpose is OrderPurpose.ENTRY for o in v.orders)]
        for view in () if self._settings.watch_only else entering:
            cancel = c.CancelEntry(
                command_id=CommandId(f"{command.command_id}.{view.ordinal}"),
                correlation_id=command.correlation_id,
                causation_id=command.command_id,
                position_id=view.position_id,
                why=f"its entry was called off: {command.why}",
            )
            self._tell_position(view.ordinal, cancel)
        self._reply(command, accepted=True, text=f"calling off {len(entering)} entries")

    def _tell_position(self, ordinal: int, message: Message) -> None:
        if ordinal in self._book.finished and ordinal not in self._book.views:
            self._revive(ordinal)
        self.context.tell(position_address(ordinal), message)

    def _revive(self, ordinal: int) -> None:
        """Start the actor of a position that is over, from the journal: it may still be told something."""
        parsed = parse_position_id(self._book.finished[ordinal])
        if parsed is None:
            return
        key, _ = parsed
        self._spawn(Identity(key=key, ordinal=ordinal, journal_id=self._settings.journal_id), None)

    def _view(self, view: r.PositionView) -> None:
        before = self._book.views.get(view.ordinal)
        if before is not None and before.version >= view.version:
            return
        self._book.update(view)
        self._memory.taken.shown(view)
        if before is not None:
            gained = view.realized_pnl - before.realized_pnl - (view.fees - before.fees)
            day = (view.account, self._today())
            self._memory.realized[day] = self._memory.realized.get(day, Decimal(0)) + gained
            if gained < 0:
                self._lost(view)
        self.context.publish(view)
        for ordinal in self._book.overflow():
            self._discard(position_address(ordinal))

    def _today(self) -> int:
        return self._settings.day_of(self.context.clock.time_ns())

    def _limits(self, account: AccountId) -> Limits:
        return self._settings.account_limits.get(account, self._settings.limits)

    def _holds(self) -> tuple[Hold, ...]:
        today = self._today()
        return tuple(hold for hold in self._memory.holds if hold.lasts(today))

    def _realized_today(self, account: AccountId) -> Decimal:
        """Less what a human has said to go on from."""
        day = (account, self._today())
        return self._memory.realized.get(day, Decimal(0)) - self._memory.forgiven.get(day, Decimal(0))

    def _lost(self, view: r.PositionView) -> None:
        """A loss beyond the day's limit holds the account's openings, also where a gain should make up for it."""
        limit = self._limits(view.account).daily_loss
        lost = -self._realized_today(view.account)
        if limit is None or lost < limit or any(h.until_day and h.account == view.account for h in self._holds()):
            return
        why = f"has lost {lost.normalize():f} today, limits.daily_loss is {limit}"
        event = OpeningsPaused(
            command_id=CommandId(""),
            account=view.account,
            correlation_id=view.correlation_id,
            ts_init=self.context.clock.time_ns(),
            why=why,
            until_day=self._today(),
        )
        self._apply(event, count=False)
        self._keep(event, None, "")
        self._notify(
            Severity.CRITICAL, f"{view.account} {why}: nothing is opened until tomorrow, or albra resume", view.account
        )

    # Reports of the venue --------------------------------------------------------------------------

    def _about_order(self, report: r.AboutOrder) -> None:
        name = parse_client_order_id(report.client_order_id)
        if isinstance(report, r.OrderRejected) and report.reason is RejectReason.REDUCE_ONLY:
            self._to_reconciler(report)
        if name is None:
            self._foreign(report)
        elif name.journal_id != self._settings.journal_id:
            self._stranger(report)
        elif (
            name.ordinal in self._book.views
            or name.ordinal in self._book.finished
            or name.ordinal < self._book.next_ordinal
        ):
            self._tell_position(name.ordinal, report)
        else:
            self._stranger(report)

    def _foreign(self, report: r.AboutOrder) -> None:
        """Somebody else's order: a human's, or the venue's own."""
        if isinstance(report, r.FillReport):
            self._to_reconciler(report)
            self._log(
                "INFO",
                "fill of an order that is not ours",
                actor="supervisor",
                symbol=report.symbol,
                client_order_id=report.client_order_id,
                quantity=str(report.quantity),
                price=str(report.price),
            )
            if is_forced(report):
                self._forced(report)

    def _forced(self, fill: r.FillReport) -> None:
        """The venue took from a leg by itself: whoever is on it books its part at once, and nothing opens for it."""
        instrument = self._accounts[fill.account].instruments.get(fill.symbol)
        step = instrument.quantity_step if instrument else fill.quantity
        commands, left = adjustments(fill, tuple(self._book.live()), self._memory.taken, step)
        for command in commands:
            parsed = parse_position_id(command.position_id)
            if parsed is not None:
                self._tell_position(parsed[1], command)
        if commands or left:
            of_nobody = f"; {left:f} of it belong to no position of ours" if left else ""
            self._notify(Severity.CRITICAL, f"{fill.symbol}: {why_of(fill)}{of_nobody}", fill.account)

    def _stranger(self, report: r.AboutOrder) -> None:
        """In our format, yet unknown here: sent from another data directory. Never touched; openings wait."""
        account = self._accounts[report.account]
        entry = (report.symbol, report.client_order_id)
        if isinstance(report, r.OrderReport) and report.status.ended:
            account.strangers.discard(entry)
        elif entry not in account.strangers:
            account.strangers.add(entry)
            text = (
                f"{report.symbol}: order {report.client_order_id} was sent by Albra from another data directory. "
                f"Openings of {report.symbol} are held until it is gone."
            )
            self._notify(Severity.CRITICAL, text, report.account)

    def _setting(self, report: r.SettingApplied | r.SettingRefused) -> None:
        parsed = parse_position_id(report.position_id)
        if parsed is not None:
            self._tell_position(parsed[1], report)

    def _sweep(self, report: r.Sweep) -> None:
        for view in self._book.live():
            if view.account == report.account:
                self.context.tell(position_address(view.ordinal), report)

    def _positions(self, report: r.PositionsReport) -> None:
        self._to_reconciler(report)
        account = self._accounts[report.account]
        if report.symbol is None and account.venue_up:
            if account.account in self._memory.adopting:
                self._memory.adopting.discard(account.account)
                for command in adoptions(report, account.instruments):
                    self._begin(command, account)
            account.synced = True
        for row in report.positions:
            account.marks[row.symbol] = row.mark_price
        if report.symbol is None:
            account.liquidations = liquidations_of(report.positions)
            self._tell_useless_stops(account)

    def _tell_useless_stops(self, account: Account) -> None:
        """The venue's liquidation price may move past a stop that was accepted; each such stop is told once."""
        for view in self._book.live():
            if view.account != account.account or not view.quantity:
                continue
            why = beyond_liquidation(view.stop_loss, view.symbol, view.side, account.liquidations)
            told = (view.position_id, view.stop_loss)
            if why and told not in self._memory.useless:
                self._memory.useless.add(told)
                self._notify(Severity.CRITICAL, f"{view.position_id}: {why}", account.account)
            elif not why:
                self._memory.useless.discard(told)

    def _venue_up(self, report: r.VenueUp) -> None:
        self.context.publish(report)
        account = self._accounts[report.account]
        account.venue_up, account.trouble = True, ""
        account.mode, account.identity = report.position_mode, report.venue_identity
        account.instruments = {instrument.symbol: instrument for instrument in report.instruments}
        self._log("INFO", "venue up", actor="supervisor", account=report.account, symbols=str(len(account.instruments)))

    def _venue_down(self, report: r.VenueDown) -> None:
        self.context.publish(report)
        account = self._accounts[report.account]
        account.venue_up, account.synced, account.trouble = False, False, report.cause
        self._log("WARNING", "venue down", actor="supervisor", account=report.account, why=report.cause)

    def _stream_up(self, report: r.StreamUp) -> None:
        self.context.publish(report)
        self._accounts[report.account].stream_up = True
        self._log("INFO", "stream up", actor="supervisor", account=report.account)

    def _stream_down(self, report: r.StreamDown) -> None:
        self.context.publish(report)
        account = self._accounts[report.account]
        account.stream_up, account.trouble = False, report.cause
        self._log("WARNING", "stream down", actor="supervisor", account=report.account, why=report.cause)

    def _mark(self, report: r.MarkReport) -> None:
        self.context.publish(report)
        self._accounts[report.account].marks[report.symbol] = report.mark_price

    def _leverage(self, report: r.LeverageChanged) -> None:
        self._to_reconciler(report)
        others = [v for v in self._book.live() if (v.account, v.symbol) == (report.account, report.symbol)]
        if any(v.leverage is not None and v.leverage != report.leverage for v in others):
            text = f"{report.symbol}: leverage is {report.leverage} at the venue, {others[0].leverage} was asked for"
            self._notify(Severity.WARNING, text, report.account)

    def _margin_call(self, report: r.MarginCall) -> None:
        """Close to liquidation: who holds it, and the venue's numbers."""
        at_risk = [
            view.position_id
            for view in self._book.live()
            if (view.account, view.symbol, view.side) == (report.account, report.symbol, report.side)
        ]
        names = ", ".join(at_risk) or "no position of ours"
        text = f"{report.symbol} {report.side}: margin call, close to liquidation: {report.text} ({names})"
        notice_id = f"margin/{report.account}/{report.symbol}/{report.side}/{report.ts_event}"
        self.context.tell(
            NOTIFIER, Notify(severity=Severity.CRITICAL, text=text, account=report.account, notice_id=notice_id)
        )

    def _funding(self, report: r.FundingReport) -> None:
        for share in funding_shares(report, tuple(self._book.live())):
            parsed = parse_position_id(share.position_id)
            if parsed is not None:
                self._tell_position(parsed[1], share)

    def _note(self, report: r.VenueReport) -> None:
        """Kept in the log for whoever asks later; nothing is decided on it here."""
        why = report.why if isinstance(report, r.StrayEvent) else type(report).__name__
        raw = report.raw if isinstance(report, r.StrayEvent) else ""
        self._log("WARNING", "stray event", actor="supervisor", account=report.account, why=why, raw=raw)

    # Holds -----------------------------------------------------------------------------------------

    def _pause(self, command: c.PauseOpenings) -> None:
        event = OpeningsPaused(
            command_id=command.command_id,
            account=command.account,
            symbol=command.symbol,
            correlation_id=command.correlation_id,
            ts_init=self.context.clock.time_ns(),
        )
        self._apply(event, count=False)
        self._keep(event, command, "openings are paused; albra resume lifts that")

    def _resume(self, command: c.ResumeOpenings) -> None:
        today = self._today()
        halted = {
            h.account: self._memory.realized.get((h.account, today), Decimal(0))
            for h in self._holds()
            if h.until_day and h.account is not None and command.symbol is None and command.account in (None, h.account)
        }
        if command.symbol is None and command.account is None and not self._holds():
            self._reply(command, accepted=True, text="openings were not paused")
            return
        event = OpeningsResumed(
            command_id=command.command_id,
            account=command.account,
            symbol=command.symbol,
            correlation_id=command.correlation_id,
            ts_init=self.context.clock.time_ns(),
            day=today,
            forgiven=tuple(halted.items()),
        )
        self._keep(event, command, "openings are allowed")

    def _keep(self, event: Event, command: c.Command | None, text: str) -> None:
        """Make it durable, then answer. Holding works from now on; letting go only once it is durable."""
        self._memory.version += 1
        self._memory.waiting.append((event, command))
        effects: tuple[Effect, ...] = ()
        if command is not None and command.reply_to:
            reply = Reply(
                correlation_id=command.correlation_id,
                command_id=command.command_id,
                to=command.reply_to,
                accepted=True,
                text=text,
            )
            effects = (Effect(to=command.reply_to, message=reply),)
        self.context.tell(
            JOURNAL,
            AppendStep(
                sender=Address(self.context.address),
                position_id=PositionId("supervisor"),
                ordinal=OWN_HISTORY,
                version=self._memory.version,
                events=(event,),
                effects=effects,
                reducing=True,
            ),
        )

    def _apply(self, event: Event, *, count: bool = True) -> None:
        if count:
            self._memory.version += 1
        if isinstance(event, OpeningsPaused):
            hold = Hold(account=event.account, symbol=event.symbol, why=event.why, until_day=event.until_day)
            self._memory.holds = (*(h for h in self._memory.holds if h != hold), hold)
        elif isinstance(event, OpeningsResumed):
            everything = event.account is None and event.symbol is None
            left = (h for h in self._memory.holds if not h.same_words(event.account, event.symbol))
            self._memory.holds = () if everything else tuple(left)
            self._memory.forgiven |= {(account, event.day): amount for account, amount in event.forgiven}

    # Answers ---------------------------------------------------------------------------------------

    def _list(self, command: c.ListPositions) -> None:
        views = [
            view
            for view in self._book.views.values()
            if (command.terminal or not view.state.terminal or command.position_id is not None)
            and command.position_id in (None, view.position_id)
        ]
        marks: dict[tuple[AccountId, Symbol], Decimal] = {
            (a.account, symbol): price for a in self._accounts.values() for symbol, price in a.marks.items()
        }
        held = {(view.account, view.symbol) for view in views}
        answer = r.PositionsAnswer(
            correlation_id=command.correlation_id,
            command_id=command.command_id,
            to=command.reply_to,
            views=tuple(sorted(views, key=lambda view: view.ordinal)),
            marks=tuple((symbol, price) for (account, symbol), price in marks.items() if (account, symbol) in held),
        )
        self.context.tell(command.reply_to, answer)

    def _read_status(self, command: c.ReadStatus) -> None:
        answer = r.StatusAnswer(
            command_id=command.command_id,
            to=command.reply_to,
            rows=rows(self._book, self._accounts.values(), self._holds(), self._memory.gateways) + self._runtime_rows(),
        )
        self.context.tell(command.reply_to, answer)

    def _history(self, command: c.ReadHistory) -> None:
        self.context.tell(JOURNAL, command)

    def _ask_reconciler(self, command: c.Reconcile | ListDiscrepancies | AcknowledgeDiscrepancy) -> None:
        if self._settings.reconciler:
            self._to_reconciler(command)
        else:
            self._reply(command, accepted=False, text="nobody reconciles here")

    def _to_reconciler(self, message: Message) -> None:
        if self._settings.reconciler:
            self.context.tell(self._settings.reconciler, message)

    def _hold_key(self, message: HoldKey) -> None:
        self._memory.unsettled[message.account, message.symbol] = message.why

    def _release_key(self, message: ReleaseKey) -> None:
        self._memory.unsettled.pop((message.account, message.symbol), None)

    def _reply(self, command: c.Command, *, accepted: bool, text: str) -> None:
        """Only for what changed nothing: anything else is answered by the journal, after the commit."""
        if command.reply_to:
            reply = Reply(
                correlation_id=command.correlation_id,
                command_id=command.command_id,
                to=command.reply_to,
                accepted=accepted,
                text=text,
            )
            self.context.tell(command.reply_to, reply)

    def _notify(self, severity: Severity, text: str, account: AccountId | None = None) -> None:
        self.context.tell(NOTIFIER, Notify(severity=severity, text=text, account=account))

    # The runtime -----------------------------------------------------------------------------------

    def _runtime(self, message: lifecycle.Lifecycle) -> None:
        """Every fact about an actor leaves a line."""
        told = {
            name: str(getattr(message, name))
            for name in ("reason", "trace", "attempt", "message_type", "undelivered")
            if hasattr(message, name)
        }
        level = "DEBUG" if isinstance(message, lifecycle.ActorStopped) else "ERROR"
        self._log(level, type(message).__name__, actor=message.address, correlation_id=message.correlation_id, **told)

    def _quarantined(self, message: lifecycle.ActorQuarantined) -> None:
        self._runtime(message)
        text = (
            f"{message.address} failed {message.attempt} times and is quarantined; the rest goes on: {message.reason}"
        )
        self._notify(Severity.CRITICAL, text)

    def _parked(self, message: lifecycle.MessageParked) -> None:
        self._runtime(message)
        self._notify(
            Severity.CRITICAL, f"{message.address} cannot handle a message, it was put aside: {message.reason}"
        )

    def _gateway_status(self, message: r.GatewayStatus) -> None:
        self._memory.gateways[message.account] = message

    def _route_table(self) -> Mapping[type, Callable[..., None]]:
        """What is not in it is a bug of the sender, and raises."""
        about = (
            r.OrderAccepted, r.OrderRejected, r.OutcomeUnknown, r.OrderReport, r.OrderAbsent, r.CancelRejected,
            r.FillReport, r.FillsFetched,
        )  # fmt: skip
        to_position = (
            c.ClosePosition, c.EmergencyClose, c.ModifyPosition, c.PausePosition, c.ResumePosition, c.AdjustPosition,
            c.CancelEntry,
        )  # fmt: skip
        return {
            **dict.fromkeys(about, self._about_order),
            **dict.fromkeys(to_position, self._to_position),
            c.OpenPosition: self._open,
            c.CloseAll: self._close_all,
            c.CancelEntries: self._cancel_entries,
            c.PauseOpenings: self._pause,
            c.ResumeOpenings: self._resume,
            c.ListPositions: self._list,
            c.ReadStatus: self._read_status,
            c.ReadHistory: self._history,
            c.AdoptPosition: self._adopt,
            c.Reconcile: self._ask_reconciler,
            ListDiscrepancies: self._ask_reconciler,
            AcknowledgeDiscrepancy: self._ask_reconciler,
            HoldKey: self._hold_key,
            ReleaseKey: self._release_key,
            r.PositionView: self._view,
            r.SettingApplied: self._setting,
            r.SettingRefused: self._setting,
            r.Sweep: self._sweep,
            r.PositionsReport: self._positions,
            r.OpenOrdersReport: self._to_reconciler,
            TradesReport: self._to_reconciler,
            r.BalanceReport: self.context.publish,
            r.FetchFailed: self._to_reconciler,
            r.VenueUp: self._venue_up,
            r.VenueDown: self._venue_down,
            r.StreamUp: self._stream_up,
            r.StreamDown: self._stream_down,
            r.MarkReport: self._mark,
            r.LeverageChanged: self._leverage,
            r.MarginCall: self._margin_call,
            r.FundingReport: self._funding,
            r.StrayEvent: self._note,
            r.GatewayStatus: self._gateway_status,
            lifecycle.ActorFailed: self._runtime,
            lifecycle.ActorRestarted: self._runtime,
            lifecycle.ActorStopped: self._runtime,
            lifecycle.SubscriberDropped: self._runtime,
            lifecycle.ActorQuarantined: self._quarantined,
            lifecycle.MessageParked: self._parked,
        }

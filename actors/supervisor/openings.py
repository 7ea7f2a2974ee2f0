"""What holds openings: a human's pause, a day's loss; durable in a history of its own, asked before each opening."""

from collections.abc import Iterable
from decimal import Decimal

from actors.supervisor.admission import Facts, Limits
from actors.supervisor.book import Account, Hold
from actors.supervisor.desk import JOURNAL, NOTIFIER, Desk, Routes
from actors.supervisor.memory import OWN_HISTORY
from messages import commands as c
from messages import reports as r
from messages.base import Event, Message
from messages.events import ForcedTradeShared, OpeningsPaused, OpeningsResumed
from messages.journal import AppendStep, CommitFailed, Committed, Effect
from messages.reconciliation import HoldKey, ReleaseKey
from messages.requests import Notify, Reply
from messages.types import AccountId, Address, CommandId, PositionId, Severity

MINUTE_NS = 60_000_000_000
DECIDED_MOST = 1_000
LEAVING_NS = 10_000_000_000
"""A close is durable, and its view here, well before that; a refused one holds nobody longer."""


class Openings:
    """Whatever holds them, and the figures that each is held against."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._memory = desk.memory

    def routes(self) -> Routes:
        return {
            c.PauseOpenings: self.pause,
            c.ResumeOpenings: self.resume,
            HoldKey: self.hold_key,
            ReleaseKey: self.release_key,
        }

    def facts(self, account: Account) -> Facts:
        recent = self._memory.openings[account.account]
        now = self._desk.context.clock.monotonic_ns()
        while recent and now - recent[0] > MINUTE_NS:
            recent.popleft()
        return Facts(
            account=account,
            live=tuple(view for view in self._memory.book.live() if view.account == account.account),
            reserved=self._memory.book.reserved.keys(),
            unsettled={str(s): why for (name, s), why in self._memory.unsettled.items() if name == account.account},
            holds=self.holds(),
            limits=self.limits(account.account),
            openings_last_minute=len(recent),
            realized_today=self.realized_today(account.account),
            watch_only=self._desk.settings.watch_only,
            admitted=self._memory.book.ahead(account.account, now),
            leaving=self.leaving(now),
        )

    def admit(self, opening: c.OpenPosition, *, lasting_ns: int = 0) -> None:
        """It passed: from now on it counts, in the minute and in the exposure, until a view tells of it."""
        now = self._desk.context.clock.monotonic_ns()
        self._memory.openings[opening.account].append(now)
        self._memory.book.admitted[opening.command_id] = (opening, now + lasting_ns if lasting_ns else 0)

    def note_leaving(self, ordinal: int, command_id: CommandId) -> None:
        now = self._desk.context.clock.monotonic_ns()
        self._memory.leaving = {o: note for o, note in self._memory.leaving.items() if now - note[1] < LEAVING_NS}
        self._memory.leaving[ordinal] = (command_id, now)

    def leaving(self, now: int) -> frozenset[int]:
        """Those whose views do not tell yet of the close that passed here."""
        return frozenset(
            ordinal
            for ordinal, (command_id, at_ns) in self._memory.leaving.items()
            if now - at_ns < LEAVING_NS
            and (view := self._memory.book.views.get(ordinal)) is not None
            and command_id not in view.command_ids
        )

    def today(self) -> int:
        return self._desk.settings.day_of(self._desk.context.clock.time_ns())

    def limits(self, account: AccountId) -> Limits:
        return self._desk.settings.account_limits.get(account, self._desk.settings.limits)

    def holds(self) -> tuple[Hold, ...]:
        today = self.today()
        return tuple(hold for hold in self._memory.holds if hold.lasts(today))

    def realized_today(self, account: AccountId) -> Decimal:
        """Less what a human has said to go on from."""
        day = (account, self.today())
        return self._memory.realized.get(day, Decimal(0)) - self._memory.forgiven.get(day, Decimal(0))

    def lost(self, view: r.PositionView) -> None:
        """A loss beyond the day's limit holds the account's openings, also where a gain should make up for it."""
        limit = self.limits(view.account).daily_loss
        lost = -self.realized_today(view.account)
        if limit is None or lost < limit or any(h.until_day and h.account == view.account for h in self.holds()):
            return
        why = f"has lost {lost.normalize():f} today, limits.daily_loss is {limit}"
        event = OpeningsPaused(
            command_id=CommandId(""),
            account=view.account,
            correlation_id=view.correlation_id,
            ts_init=self._desk.context.clock.time_ns(),
            why=why,
            until_day=self.today(),
        )
        self.apply(event, count=False)
        self.keep(event, None, "")
        self._desk.notify(
            Severity.CRITICAL, f"{view.account} {why}: nothing is opened until tomorrow, or albra resume", view.account
        )

    def pause(self, command: c.PauseOpenings) -> None:
        if self._said_before(command):
            return
        event = OpeningsPaused(
            command_id=command.command_id,
            account=command.account,
            symbol=command.symbol,
            correlation_id=command.correlation_id,
            ts_init=self._desk.context.clock.time_ns(),
        )
        self.apply(event, count=False)
        everything = command.account is None and command.symbol is None
        what = "" if everything else f" ({Hold(account=command.account, symbol=command.symbol)})"
        self.keep(event, command, f"openings are paused{what}; albra resume lifts that")

    def resume(self, command: c.ResumeOpenings) -> None:
        if self._said_before(command):
            return
        today = self.today()
        halted = {
            h.account: self._memory.realized.get((h.account, today), Decimal(0))
            for h in self.holds()
            if h.until_day and h.account is not None and command.symbol is None and command.account in (None, h.account)
        }
        if command.symbol is None and command.account is None and not self.holds():
            self._desk.reply(command, accepted=True, text="openings were not paused")
            return
        event = OpeningsResumed(
            command_id=command.command_id,
            account=command.account,
            symbol=command.symbol,
            correlation_id=command.correlation_id,
            ts_init=self._desk.context.clock.time_ns(),
            day=today,
            forgiven=tuple(halted.items()),
        )
        left = [hold for hold in self.holds() if hold not in lifted(event, (hold,)) and _meet(hold, command)]
        still = f"openings are still paused ({left[0]}); albra resume lifts that" if left else ""
        self.keep(event, command, still or "openings are allowed")

    def _said_before(self, command: c.PauseOpenings | c.ResumeOpenings) -> bool:
        """Whoever did not hear the answer asks again; by then somebody may have decided otherwise."""
        if any(waiting is not None and waiting.command_id == command.command_id for _, waiting in self._memory.waiting):
            return True  # it is answered once it is durable
        if command.command_id not in self._memory.decided:
            return False
        self._desk.reply(command, accepted=True, text="that was carried out before")
        return True

    def _remember(self, event: OpeningsPaused | OpeningsResumed) -> None:
        if event.command_id:
            self._memory.decided[event.command_id] = None
        while len(self._memory.decided) > DECIDED_MOST:
            del self._memory.decided[next(iter(self._memory.decided))]

    def keep(self, event: Event, command: c.Command | None, text: str) -> None:
        """Make it durable, then answer. Holding works from now on; letting go only once it is durable."""
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
        self._append(event, command, effects)

    def keep_shared(self, event: ForcedTradeShared, notice: Notify) -> None:
        """Whose the venue's own trade was: durable together with what each position books of it."""
        told = [Effect(to=self._desk.address_of(command.position_id), message=command) for command in event.commands]
        self._append(event, None, (*told, Effect(to=NOTIFIER, message=notice)))

    def _append(self, event: Event, command: c.Command | None, effects: tuple[Effect, ...]) -> None:
        self._memory.version += 1
        self._memory.waiting.append((event, command))
        self._desk.context.tell(
            JOURNAL,
            AppendStep(
                sender=Address(self._desk.context.address),
                position_id=PositionId("supervisor"),
                ordinal=OWN_HISTORY,
                version=self._memory.version,
                events=(event,),
                effects=effects,
                reducing=True,
            ),
        )

    def apply(self, event: Event, *, count: bool = True) -> None:
        if count:
            self._memory.version += 1
            if isinstance(event, OpeningsPaused | OpeningsResumed):
                self._remember(event)
        if isinstance(event, OpeningsPaused):
            hold = Hold(account=event.account, symbol=event.symbol, why=event.why, until_day=event.until_day)
            self._memory.holds = (*(h for h in self._memory.holds if h != hold), hold)
        elif isinstance(event, OpeningsResumed):
            gone = lifted(event, self._memory.holds)
            self._memory.holds = tuple(hold for hold in self._memory.holds if hold not in gone)
            self._memory.forgiven |= {(account, event.day): amount for account, amount in event.forgiven}
        elif isinstance(event, ForcedTradeShared):
            self._memory.taken.restore(event)

    def committed(self, message: Message) -> None:
        """The journal's word on the latest of them."""
        memory = self._memory
        if not memory.waiting:
            return
        event, command = memory.waiting.popleft()
        if isinstance(message, CommitFailed):
            memory.version -= 1
            if isinstance(event, ForcedTradeShared):
                # It happened, whatever the disk says: the positions have ways of their own to make that durable.
                for booked in event.commands:
                    self._desk.context.tell(self._desk.address_of(booked.position_id), booked)
                self._desk.notify(Severity.CRITICAL, f"{event.symbol}: the venue closed by itself", event.account)
            if command is not None:
                # A hold is in force already, whatever the disk says; it is only not there any more after a restart.
                kept = isinstance(event, OpeningsPaused)
                text = f"the journal cannot be written: {message.why}"
                text = f"openings are paused until Albra is restarted; {text}" if kept else text
                self._desk.reply(command, accepted=kept, text=text)
        elif isinstance(message, Committed) and isinstance(event, OpeningsPaused | OpeningsResumed):
            self._remember(event)
            if isinstance(event, OpeningsResumed):
                self.apply(event, count=False)

    def hold_key(self, message: HoldKey) -> None:
        self._memory.unsettled[message.account, message.symbol] = message.why

    def release_key(self, message: ReleaseKey) -> None:
        self._memory.unsettled.pop((message.account, message.symbol), None)


def lifted(event: OpeningsResumed, holds: Iterable[Hold]) -> tuple[Hold, ...]:
    """Those that were put in the same words; all of them where none are named."""
    everything = event.account is None and event.symbol is None
    return tuple(hold for hold in holds if everything or hold.same_words(event.account, event.symbol))


def _meet(hold: Hold, command: c.ResumeOpenings) -> bool:
    """Whether something that was asked for stays held by it."""
    accounts, symbols = (hold.account, command.account), (hold.symbol, command.symbol)
    return all(None in pair or pair[0] == pair[1] for pair in (accounts, symbols))

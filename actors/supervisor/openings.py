"""What holds openings: a human's pause, a day's loss; durable in the supervisor's history, asked before an opening."""

from decimal import Decimal

from actors.supervisor.context import Routes, SupervisorContext
from actors.supervisor.history import History, lifted, paused
from actors.supervisor.memory import Restored
from actors.supervisor.pre_trade_risk import Facts, Limits
from actors.supervisor.registry import Account, Hold
from messages import commands as c
from messages import reports as r
from messages.events import OpeningsPaused, OpeningsResumed
from messages.ids import parse_position_id
from messages.reconciliation import HoldKey, ReleaseKey
from messages.statement import NOTHING, Statement
from messages.types import AccountId, CommandId, Severity
from messages.wording import Supervisor

MINUTE_NS = 60_000_000_000
LEAVING_NS = 10_000_000_000
"""A close is durable, and its view here, well before that; a refused one holds nobody longer."""


class Openings:
    """Whatever holds them, and the figures that each is held against."""

    def __init__(self, context: SupervisorContext, history: History) -> None:
        self._context = context
        self._memory = context.memory
        self._history = history

    def routes(self) -> Routes:
        return {
            c.PauseOpenings: self.pause,
            c.ResumeOpenings: self.resume,
            HoldKey: self.hold_key,
            ReleaseKey: self.release_key,
        }

    def go_on(self, restored: Restored) -> None:
        """The minute of a limit does not begin anew with a process. A clock set back makes nothing older."""
        now, wall_ns = self._context.runtime.clock.monotonic_ns(), self._context.runtime.clock.time_ns()
        for account, at_ns in restored.openings:
            if wall_ns - at_ns <= MINUTE_NS:
                self._memory.openings[account].append(now - max(wall_ns - at_ns, 0))

    def facts(self, account: Account) -> Facts:
        recent = self._memory.openings[account.account]
        now = self._context.runtime.clock.monotonic_ns()
        while recent and now - recent[0] > MINUTE_NS:
            recent.popleft()
        return Facts(
            account=account,
            holdings=self._memory.book.holdings[account.account],
            reserved=self._memory.book.reserved.keys(),
            stands_on=self._memory.book.stands_on,
            unsettled=self._unsettled(account.account),
            suspected={str(s): why for (name, s), why in self._memory.suspected.items() if name == account.account},
            holds=self.holds(),
            limits=self.limits(account.account),
            openings_last_minute=len(recent),
            realized_today=self.realized_today(account.account),
            watch_only=self._context.settings.watch_only,
            admitted=self._memory.book.ahead(account.account, now),
            leaving=self.leaving(now),
        )

    def _unsettled(self, account: AccountId) -> dict[str, Statement]:
        """By symbol. A position that is silent holds its own from the start, before the reconciler has heard of it."""
        found: dict[str, Statement] = {}
        for name, (_, why) in self._memory.silent.items():
            parsed = parse_position_id(name)
            if parsed is not None and parsed[0].account == account:
                found[parsed[0].symbol] = Supervisor.MUTE(position=name, why=why)
        return found | {str(s): why for (name, s), why in self._memory.unsettled.items() if name == account}

    def admit(self, opening: c.OpenPosition, *, lasting_ns: int = 0) -> None:
        """It passed: from now on it counts, in the minute and in the exposure, until a view tells of it."""
        now = self._context.runtime.clock.monotonic_ns()
        self._memory.openings[opening.account].append(now)
        self._memory.book.admitted[opening.command_id] = (opening, now + lasting_ns if lasting_ns else 0)

    def note_leaving(self, ordinal: int, command_id: CommandId) -> None:
        now = self._context.runtime.clock.monotonic_ns()
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
        return self._context.settings.day_of(self._context.runtime.clock.time_ns())

    def limits(self, account: AccountId) -> Limits:
        return self._context.settings.account_limits.get(account, self._context.settings.limits)

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
        amount = lost.normalize()
        event = OpeningsPaused(
            command_id=CommandId(""),
            account=view.account,
            correlation_id=view.correlation_id,
            ts_init=self._context.runtime.clock.time_ns(),
            why=Supervisor.DAY_LOST(amount=amount, limit=limit),
            until_day=self.today(),
        )
        self._history.apply(event)
        self._history.keep(event, None, NOTHING)
        text = Supervisor.DAY_LOST_NOTICE(account=view.account, amount=amount, limit=limit)
        self._context.notify(Severity.CRITICAL, text, view.account)

    def pause(self, command: c.PauseOpenings) -> None:
        event = OpeningsPaused(
            command_id=command.command_id,
            account=command.account,
            symbol=command.symbol,
            correlation_id=command.correlation_id,
            ts_init=self._context.runtime.clock.time_ns(),
        )
        self._history.apply(event)
        self._history.keep(event, command, paused(event))

    def resume(self, command: c.ResumeOpenings) -> None:
        today = self.today()
        halted = {
            h.account: self._memory.realized.get((h.account, today), Decimal(0))
            for h in self.holds()
            if h.until_day and h.account is not None and command.symbol is None and command.account in (None, h.account)
        }
        if command.symbol is None and command.account is None and not self.holds():
            self._context.reply(command, accepted=True, text=Supervisor.NOT_PAUSED())
            return
        event = OpeningsResumed(
            command_id=command.command_id,
            account=command.account,
            symbol=command.symbol,
            correlation_id=command.correlation_id,
            ts_init=self._context.runtime.clock.time_ns(),
            day=today,
            forgiven=tuple(halted.items()),
        )
        left = [hold for hold in self.holds() if hold not in lifted(event, (hold,)) and _meet(hold, command)]
        text = Supervisor.PAUSED_STILL(what=left[0].said) if left else Supervisor.RESUMED()
        self._history.keep(event, command, text)

    def hold_key(self, message: HoldKey) -> None:
        self.release_key(message)
        holds = self._memory.suspected if message.passing else self._memory.unsettled
        holds[message.account, message.symbol] = message.why

    def release_key(self, message: HoldKey | ReleaseKey) -> None:
        for holds in (self._memory.unsettled, self._memory.suspected):
            holds.pop((message.account, message.symbol), None)


def _meet(hold: Hold, command: c.ResumeOpenings) -> bool:
    """Whether something that was asked for stays held by it."""
    accounts, symbols = (hold.account, command.account), (hold.symbol, command.symbol)
    return all(None in pair or pair[0] == pair[1] for pair in (accounts, symbols))

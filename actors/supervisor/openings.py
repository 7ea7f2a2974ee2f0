"""Holds on openings: the owner's pause and the daily loss; durable in the supervisor's history, checked before an
opening.
"""

from actors.risk.daily_loss import DailyLoss
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
"""How long (ns) a close counts as in progress without a view; it is durable well before, and a refused one blocks no
longer.
"""


class Openings:
    """The holds, and the figures that openings are checked against."""

    def __init__(self, context: SupervisorContext, history: History) -> None:
        self._context = context
        self._memory = context.memory
        self._history = history

    def routes(self) -> Routes:
        """Return the handlers of pauses, resumes and the reconciler's holds."""
        return {
            c.PauseOpenings: self.pause,
            c.ResumeOpenings: self.resume,
            HoldKey: self.hold_key,
            ReleaseKey: self.release_key,
        }

    def go_on(self, restored: Restored) -> None:
        """Restore the openings of the last minute for the rate limit. A clock set back makes none older."""
        now, wall_ns = self._context.runtime.clock.monotonic_ns(), self._context.runtime.clock.time_ns()
        for account, at_ns in restored.openings:
            if wall_ns - at_ns <= MINUTE_NS:
                self._memory.openings[account].append(now - max(wall_ns - at_ns, 0))

    def facts(self, account: Account) -> Facts:
        """Return what an opening at this account is checked against."""
        recent = self._memory.openings[account.account]
        now = self._context.runtime.clock.monotonic_ns()
        while recent and now - recent[0] > MINUTE_NS:
            recent.popleft()
        return Facts(
            account=account,
            holdings=self._memory.registry.holdings[account.account],
            reserved=self._memory.registry.reserved.keys(),
            stands_on=self._memory.registry.stands_on,
            unsettled=self._unsettled(account.account),
            suspected={str(s): why for (name, s), why in self._memory.suspected.items() if name == account.account},
            holds=self.holds(),
            limits=self.limits(account.account),
            openings_last_minute=len(recent),
            daily_loss=self.daily_loss(account.account),
            watch_only=self._context.settings.watch_only,
            admitted=self._memory.registry.ahead(account.account, now),
            leaving=self.leaving(now),
        )

    def _unsettled(self, account: AccountId) -> dict[str, Statement]:
        """Return the unsettled symbols with the reason. A silent position's symbol counts before the reconciler reports
        it.
        """
        found: dict[str, Statement] = {}
        for name, (_, why) in self._memory.silent.items():
            parsed = parse_position_id(name)
            if parsed is not None and parsed[0].account == account:
                found[parsed[0].symbol] = Supervisor.MUTE(position=name, why=why)
        return found | {str(s): why for (name, s), why in self._memory.unsettled.items() if name == account}

    def admit(self, opening: c.OpenPosition, *, lasting_ns: int = 0) -> None:
        """Count an admitted opening in rate and exposure until a view shows it; `lasting_ns`: at most (0: no bound)."""
        now = self._context.runtime.clock.monotonic_ns()
        self._memory.openings[opening.account].append(now)
        self._memory.registry.admitted[opening.command_id] = (opening, now + lasting_ns if lasting_ns else 0)

    def note_leaving(self, ordinal: int, command_id: CommandId) -> None:
        """Note a close that is forwarded to its position."""
        now = self._context.runtime.clock.monotonic_ns()
        self._memory.leaving = {o: note for o, note in self._memory.leaving.items() if now - note[1] < LEAVING_NS}
        self._memory.leaving[ordinal] = (command_id, now)

    def leaving(self, now: int) -> frozenset[int]:
        """Return the positions whose views do not show their forwarded close yet; `now` is monotonic (ns)."""
        return frozenset(
            ordinal
            for ordinal, (command_id, at_ns) in self._memory.leaving.items()
            if now - at_ns < LEAVING_NS
            and (view := self._memory.registry.views.get(ordinal)) is not None
            and command_id not in view.command_ids
        )

    def today(self) -> int:
        """Return the day number of now."""
        return self._context.settings.day_of(self._context.runtime.clock.time_ns())

    def limits(self, account: AccountId) -> Limits:
        """Return the account's limits."""
        return self._context.settings.account_limits.get(account, self._context.settings.limits)

    def holds(self) -> tuple[Hold, ...]:
        """Return the holds in force."""
        today = self.today()
        return tuple(hold for hold in self._memory.holds if hold.lasts(today))

    def daily_loss(self, account: AccountId) -> DailyLoss:
        """Return the account's loss today with its limit."""
        return DailyLoss(self._memory.results.lost(account, self.today()), self.limits(account).daily_loss)

    def lost(self, view: r.PositionView) -> None:
        """Hold the account's openings when the daily loss reaches the limit; a later gain does not lift the hold."""
        loss = self.daily_loss(view.account)
        if not loss.reached or any(h.until_day and h.account == view.account for h in self.holds()):
            return
        amount, limit = loss.lost.normalize(), loss.limit
        assert limit is not None
        event = OpeningsPaused(
            command_id=CommandId(""),
            account=view.account,
            correlation_id=view.correlation_id,
            ts_init=self._context.runtime.clock.time_ns(),
            why=Supervisor.DAY_LOST(amount=amount, limit=limit),
            until_day=self.today(),
        )
        self._history.apply(event)
        self._history.persist(event, None, NOTHING)
        text = Supervisor.DAY_LOST_NOTICE(account=view.account, amount=amount, limit=limit)
        self._context.notify(Severity.CRITICAL, text, view.account)

    def pause(self, command: c.PauseOpenings) -> None:
        """Hold openings at once; answer when the event is durable."""
        event = OpeningsPaused(
            command_id=command.command_id,
            account=command.account,
            symbol=command.symbol,
            correlation_id=command.correlation_id,
            ts_init=self._context.runtime.clock.time_ns(),
        )
        self._history.apply(event)
        self._history.persist(event, command, paused(event))

    def resume(self, command: c.ResumeOpenings) -> None:
        """Lift holds; a hold for the daily loss forgives what was realized so far."""
        today = self.today()
        halted = {
            h.account: self._memory.results.of(h.account, today)
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
        left = [hold for hold in self.holds() if hold not in lifted(event, (hold,)) and _overlaps(hold, command)]
        text = Supervisor.PAUSED_STILL(what=left[0].statement) if left else Supervisor.RESUMED()
        self._history.persist(event, command, text)

    def hold_key(self, message: HoldKey) -> None:
        """Hold the openings of a symbol, for the reconciler."""
        self.release_key(message)
        holds = self._memory.suspected if message.passing else self._memory.unsettled
        holds[message.account, message.symbol] = message.why

    def release_key(self, message: HoldKey | ReleaseKey) -> None:
        """Lift the reconciler's hold of a symbol."""
        for holds in (self._memory.unsettled, self._memory.suspected):
            holds.pop((message.account, message.symbol), None)


def _overlaps(hold: Hold, command: c.ResumeOpenings) -> bool:
    """Return whether the hold still covers part of what the command resumes."""
    accounts, symbols = (hold.account, command.account), (hold.symbol, command.symbol)
    return all(None in pair or pair[0] == pair[1] for pair in (accounts, symbols))

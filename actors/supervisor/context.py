"""What the supervisor's handlers share: memory, settings, answers, and routing to positions."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from actors.money import quote_of, worth
from actors.ports import Log
from actors.position.actor import Identity
from actors.position.state import Position
from actors.runtime.actor import Context
from actors.supervisor.memory import SupervisorMemory, SupervisorSettings
from messages import commands as c
from messages.addresses import NOTIFIER, position_address
from messages.base import Message
from messages.costs import can_cost
from messages.events import PositionRetired
from messages.ids import parse_position_id
from messages.reconciliation import PositionSilent
from messages.reports import FillReport, PositionView
from messages.requests import Notify, Reply
from messages.statement import NOTHING, Statement
from messages.types import AccountId, Address, PositionId, ReplyCode, Severity, Silence, Symbol, Worth
from messages.wording import Supervisor

Routes = Mapping[type[Message], Callable[..., None]]
"""The handler of each message class."""
Spawn = Callable[[Identity, Position | None], None]
"""Open the address of a position; a start of None is read from the journal."""


def reply_to(
    command: c.Command, *, accepted: bool, text: Statement, code: ReplyCode = ReplyCode.DECIDED, changed: bool = True
) -> Reply:
    """Return the answer to a command; `changed`: the command had an effect."""
    return Reply(
        correlation_id=command.correlation_id,
        command_id=command.command_id,
        to=command.reply_to,
        accepted=accepted,
        text=text,
        code=code,
        changed=changed,
    )


class SupervisorContext:
    """Shared access; the handlers decide."""

    def __init__(
        self, context: Context, settings: SupervisorSettings, memory: SupervisorMemory, spawn: Spawn, log: Log
    ) -> None:
        self.runtime = context
        self.settings = settings
        self.memory = memory
        self.spawn = spawn
        self.log = log

    def tell_position(self, ordinal: int, message: Message) -> None:
        """Send to a position; start its actor from the journal if it has ended and is not in memory."""
        if ordinal in self.memory.registry.finished and ordinal not in self.memory.registry.views:
            self.revive(ordinal)
        self.runtime.tell(position_address(ordinal), message)

    def address_of(self, position_id: PositionId) -> Address:
        """Return the position's address. Raises ValueError for a text that is no position's id."""
        parsed = parse_position_id(position_id)
        if parsed is None:
            raise ValueError(f"{position_id!r} is not the id of a position")
        return position_address(parsed[1])

    def holder(self, position_id: PositionId) -> PositionId | None:
        """Return the position with the ordinal of this id: the same id if it exists; None: no such ordinal."""
        parsed = parse_position_id(position_id)
        if parsed is None:
            return None
        if position_id in self.memory.silent or position_id in self.memory.retired:
            return position_id
        return self.memory.registry.holder(parsed[1])

    def not_found(self, position_id: PositionId) -> Statement:
        """Return the refusal of a command to this position, which is unknown, silent or retired."""
        if position_id in self.memory.silent:
            state, why = self.memory.silent[position_id]
            advice = Supervisor.DAMAGED_ADVICE if state is Silence.DAMAGED else Supervisor.MUTE_ADVICE
            return advice(name=position_id, why=why)
        if position_id in self.memory.retired:
            return Supervisor.WAS_RETIRED(name=position_id, why=self.memory.retired[position_id])
        other = self.holder(position_id)
        if other is not None:
            return Supervisor.NO_POSITION_OTHER(name=position_id, other=other)
        return Supervisor.NO_POSITION(name=position_id)

    def revive(self, ordinal: int) -> None:
        """Start the actor of an ended position from the journal, for late messages."""
        parsed = parse_position_id(self.memory.registry.finished[ordinal])
        if parsed is None:
            return
        key, _ = parsed
        self.spawn(Identity(key=key, ordinal=ordinal, journal_id=self.settings.journal_id), None)

    def worth(self, account: AccountId, symbol: Symbol, amount: Decimal, currency: str) -> Worth:
        """Return the amount's value now; without a known value send a notice, once a day."""
        known = self.memory.accounts.get(account)
        quote = quote_of(symbol, known.instruments.get(symbol) if known else None)
        found = worth(amount, currency, quote, known.marks if known else {})
        unknown = currency if found.value is None else quote if found.rate is None else None
        if unknown is not None:
            day = self.settings.day_of(self.runtime.clock.time_ns())
            currency = unknown or Supervisor.NO_CURRENCY()
            text = Supervisor.UNCOUNTED(account=account, symbol=symbol, currency=currency)
            notice_id = f"uncounted/{account}/{unknown}/{day}"
            self.runtime.tell(
                NOTIFIER, Notify(severity=Severity.WARNING, text=text, account=account, notice_id=notice_id)
            )
        return found

    def cost(self, fill: FillReport) -> Worth:
        """Return the fee's value now. An implausibly high fee raises a notice and does not count.

        In the contract's own currency such a fee makes its row unreadable; in another currency it shows only here.
        """
        found = self.worth(fill.account, fill.symbol, fill.fee, fill.fee_currency)
        if found.value is None or can_cost(found.value, fill.quantity * fill.price):
            return found
        text = Supervisor.FEE_UNCOUNTED(
            account=fill.account,
            amount=fill.fee,
            currency=fill.fee_currency,
            traded=fill.quantity * fill.price,
            quote=found.quote,
            symbol=fill.symbol,
        )
        notice_id = f"fee/{fill.account}/{fill.symbol}/{fill.trade_id}"
        self.runtime.tell(
            NOTIFIER, Notify(severity=Severity.WARNING, text=text, account=fill.account, notice_id=notice_id)
        )
        return replace(found, value=None)

    def to_reconciler(self, message: Message) -> None:
        """Send to the reconciler, if there is one."""
        if self.settings.reconciler:
            self.runtime.tell(self.settings.reconciler, message)

    def silent(self, position_id: PositionId, state: Silence, why: Statement) -> None:
        """Mark a position whose quantity is unknown: the reconciler leaves its leg alone, and lists show it. Empty
        `why`: unmark.
        """
        self.memory.silent.pop(position_id, None)
        if why:
            self.memory.silent[position_id] = (state, why)
        parsed = parse_position_id(position_id)
        if parsed is not None:
            self.memory.registry.silence(*parsed, over=not why)
        notice = PositionSilent(position_id=position_id, why=why, state=state)
        self.to_reconciler(notice)
        self.runtime.publish(notice)

    def retire(self, event: PositionRetired) -> None:
        """End a damaged position: its leg is released and it is listed no more."""
        name = event.position_id
        if name not in self.memory.retired:
            self.memory.retired[name] = event.why
            self.silent(name, Silence.RETIRED, NOTHING)
            parsed = parse_position_id(name)
            if parsed is not None:
                self.memory.fundings.hidden[parsed[0].account, parsed[0].symbol] = event.ts_init

    def reply(
        self, command: c.Command, *, accepted: bool, text: Statement, code: ReplyCode = ReplyCode.DECIDED
    ) -> None:
        """Answer a command that changed nothing; any other answer is an effect of its step."""
        if command.reply_to:
            answer = reply_to(command, accepted=accepted, text=text, code=code, changed=False)
            self.runtime.tell(command.reply_to, answer)

    def notify(self, severity: Severity, text: Statement, account: AccountId | None = None) -> None:
        """Send a notice to the owner."""
        self.runtime.tell(NOTIFIER, Notify(severity=severity, text=text, account=account))

    def notify_of(self, view: PositionView, severity: Severity, text: Statement, notice_id: str = "") -> None:
        """Send a notice about one position, filed under its id."""
        notice = Notify(
            severity=severity,
            text=text,
            account=view.account,
            position_id=view.position_id,
            notice_id=notice_id,
        )
        self.runtime.tell(NOTIFIER, notice)

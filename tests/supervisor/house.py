"""The supervisor and real positions on the simulated dispatcher; journal in memory, gateway and edge recorded."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from actors.edge import EdgeActor
from actors.journal import JournalActor
from actors.position.actor import Identity, position_factory
from actors.position.evolve import fold
from actors.position.policy import Policy
from actors.position.state import Position, blank
from actors.runtime import ActorSystem, SimulatedDispatcher
from actors.supervisor.actor import SupervisorActor
from actors.supervisor.memory import Restored, SupervisorMemory, SupervisorSettings
from actors.supervisor.pre_trade_risk import Limits
from actors.supervisor.shown import Unrecorded
from adapters.storage.memory import Image, MemoryJournal
from adapters.storage.record import DamagedPosition
from messages import reports as r
from messages.addresses import gateway_address, position_address
from messages.base import Event, Message
from messages.commands import OpenPosition
from messages.events import AdditionRequested, PositionRequested
from messages.ids import parse_position_id
from messages.priority import PRIORITY
from messages.requests import CommandDecided, CommandTaken
from messages.statement import Statement
from messages.types import (
    AccountId,
    Address,
    CommandId,
    Instrument,
    JournalId,
    PositionId,
    PositionMode,
    PositionSide,
    StrategyId,
    Symbol,
)

MAIN, BTC, EDGE = AccountId("main"), Symbol("BTCUSDT"), Address("edge")
M = TypeVar("M", bound=Message)
RULES = Instrument(
    symbol=BTC,
    quantity_step=Decimal("0.001"),
    price_step=Decimal("0.1"),
    min_quantity=Decimal("0.001"),
    max_quantity=Decimal(1000),
    max_market_quantity=Decimal(100),
    min_notional=Decimal(5),
)


class House:
    """Give it an old house's `image` and it starts from what was durable there."""

    accounts: tuple[AccountId, ...] = (MAIN,)

    def __init__(
        self, image: Image | None = None, *, watch_only: bool = False, limits: Limits | None = None, **more: Any
    ) -> None:
        """`more` are further settings of the supervisor."""
        self.dispatcher = SimulatedDispatcher(seed=1)
        self.journal = MemoryJournal(image)
        self.system = ActorSystem(self.dispatcher, PRIORITY, self.dispatcher.clock, supervisor_address="supervisor")
        self.heard: dict[str, list[Message]] = {
            **{gateway_address(account): [] for account in self.accounts},
            "notifier": [],
            EDGE: [],
        }
        self.lines: list[tuple[str, dict[str, str]]] = []
        settings = SupervisorSettings(
            journal_id=JournalId("memory00"),
            accounts=self.accounts,
            limits=limits or Limits(),
            watch_only=watch_only,
            **more,
        )
        restored = self._restored()
        memory = self.known = SupervisorMemory.of(settings, restored)
        for address, mail in self.heard.items():
            self.system.spawn(address, _edge(mail.append))
        self.system.spawn("journal", lambda context: JournalActor(context, self.journal))
        self.furnish()
        self.system.spawn(
            "supervisor",
            lambda context: SupervisorActor(
                context,
                settings=settings,
                restored=restored,
                memory=memory,
                spawn=self._spawn,
                discard=self.system.stop_actor,
                runtime_rows=lambda: (),
                log=self._log,
            ),
        )
        self.run()

    def furnish(self) -> None:
        """Whoever else lives here moves in before the supervisor speaks."""

    def _log(self, level: str, event: str, /, **fields: str) -> None:
        self.lines.append((f"{level} {event}", fields))

    def _spawn(self, identity: Identity, start: Position | None) -> None:
        address = position_address(identity.ordinal)
        if not self.system.is_open(address):
            self.system.spawn(address, position_factory(identity, Policy(), self._log, start))

    def _restored(self) -> Restored:
        positions: list[Position] = []
        own: tuple[Event, ...] = ()
        silent: list[tuple[PositionId, Statement]] = []
        for found in self.journal.recover():
            if isinstance(found, DamagedPosition):
                silent.append((found.position_id, found.why))
                continue
            if found.ordinal <= 0:
                own = own if found.ordinal else found.events
                continue
            parsed = parse_position_id(found.position_id)
            assert parsed
            positions.append(fold(blank(*parsed, JournalId("")), found.events))
        records = tuple(r for r in self.journal.commands(1000) if isinstance(r, CommandTaken | CommandDecided))
        unrecorded = Unrecorded(records)
        for _, event in self.journal.recent_events(1000):
            unrecorded.note(event)
        return Restored(
            positions=tuple(positions),
            finished=tuple((e.ordinal, e.position_id) for e in self.journal.terminal()),
            own_events=own,
            silent=tuple(silent),
            highest_ordinal=self.journal.max_ordinal(),
            commands=records,
            effects=unrecorded.found(),
            carried_out=tuple(
                (name, ordinal)
                for ordinal, event in self.journal.recent_events(1000)
                if (name := getattr(event, "command_id", CommandId("")))
            ),
            openings=tuple(
                (MAIN, event.ts_init)
                for _, event in self.journal.recent_events(1000)
                if isinstance(event, PositionRequested | AdditionRequested)
            ),
        )

    def run(self, seconds: float = 0.2) -> None:
        self.dispatcher.advance(int(seconds * 1e9))

    def tell(self, message: Message) -> None:
        self.system.tell("supervisor", message)
        self.run()

    def ready(self, *rows: r.PositionRow, mode: PositionMode = PositionMode.ONE_WAY) -> "House":
        self.tell(
            r.VenueUp(
                account=MAIN, venue_identity="v", position_mode=mode, instruments=(RULES,), validity_window_ms=5000
            )
        )
        self.tell(r.StreamUp(account=MAIN))
        self.tell(r.PositionsReport(account=MAIN, request_id="1", begun_ns=7, positions=rows))
        self.tell(r.MarkReport(account=MAIN, symbol=BTC, mark_price=Decimal(60000)))
        return self

    def open(self, command_id: str = "c1", **changes: Any) -> None:
        self.tell(self.opening(command_id, **changes))

    @staticmethod
    def opening(command_id: str = "c1", **changes: Any) -> OpenPosition:
        given: dict[str, Any] = {
            "command_id": CommandId(command_id),
            "reply_to": EDGE,
            "account": MAIN,
            "symbol": BTC,
            "side": PositionSide.LONG,
            "strategy": StrategyId("trend"),
            "quantity": Decimal("0.01"),
        }
        return OpenPosition(**{**given, **changes})

    def all(self, kind: type[M], address: str = EDGE) -> list[M]:
        return [message for message in self.heard[address] if isinstance(message, kind)]


def _edge(deliver: Callable[[Message], None]) -> Callable[[Any], EdgeActor]:
    return lambda context: EdgeActor(context, deliver)

"""SIGKILL at a random instant between a command's intent and its outcome, again and again on one data directory.

A round: some positions in the state that the stage needs, a fault plan for the venue (answers delayed, and mostly
others lost or spoiled with and without their effect, queries and events too), one command on each, the kill; then a
new supervisor, perhaps killed while it recovers, the same commands once more under their own ids (perhaps), and the
venue's truth against what is believed.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from adapters.paper.faults import Fault, FaultKind, FaultPlan
from adapters.storage.reader import ExportedEvent
from messages import events as e
from messages.base import Event
from messages.types import OrderPurpose
from tests.e2e import invariants, spoiling
from tests.e2e.histogram import MOMENTS
from tests.e2e.process import Home, Truth, Venue, wait_for

STAGES = ("market entry", "limit entry", "protection", "partial close", "close", "cancel of an entry")
RECOVERY = "recovery"
REQUESTS = {"protection": ("POST", "/algoOrder"), "cancel of an entry": ("DELETE", "/order")}
"""What the stage's orders are sent or canceled with, where it is not POST /order."""
DELAYS_MS = (0, 30, 120, 300)
SPOILED = 0.75
"""Share of the rounds in which more than delays is drawn."""
SWEEP_S = 5
"""Events that are lost are made up for by the sweeps; at their default of a minute a round would wait for one."""
RECOVERY_KILLS = 0.34
REPEATED = 0.67
CONVERGENCE_S = 90.0
"""I5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a test needs of a symbol at its frozen start price."""

    symbol: str
    quantity: str
    part: str
    below: str
    further: str
    limit: str


LISTINGS = (
    Listing(symbol="XRPUSDT", quantity="100", part="40", below="0.4", further="0.41", limit="0.48"),
    Listing(symbol="XRPUSDT", quantity="60", part="24", below="0.42", further="0.43", limit="0.485"),
    Listing(symbol="DOGEUSDT", quantity="1000", part="400", below="0.12", further="0.121", limit="0.144"),
    Listing(symbol="SOLUSDT", quantity="1", part="0.4", below="120", further="121", limit="144"),
    Listing(symbol="BNBUSDT", quantity="0.5", part="0.2", below="480", further="481", limit="576"),
    Listing(symbol="ETHUSDT", quantity="0.1", part="0.04", below="2400", further="2401", limit="2880"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One command that the kill may hit. `since` is the position's last version before it."""

    listing: Listing
    name: str
    body: Mapping[str, Any]
    ordinal: int = 0
    since: int = 0


@dataclass(slots=True)
class Tally:
    """Kills by stage, where each command of them was at that instant, and the faults that struck before and after."""

    kills: Counter[str] = field(default_factory=Counter)
    fell: Counter[tuple[str, str]] = field(default_factory=Counter)
    struck: Counter[tuple[str, str]] = field(default_factory=Counter)


class World:
    """One venue, one data directory, and the supervisors that live and die on it."""

    def __init__(self, path: Path, stage: str, seed: int) -> None:
        self.stage = stage
        self.random = Random(f"{stage}/{seed}")
        self.tally = Tally()
        self._path = path
        self._commands = 0
        self._opened = 0

    def kill_often(self, kills: int) -> None:
        with Venue(self._path / "venue") as self._venue:
            # A dozen starts a minute read more than a venue allows; then openings wait for its minute, as they should.
            self._venue.post("limits", weight_per_minute=24_000)
            sweeps = {"reconciliation": {"check_intervals": {"fast": SWEEP_S}}}
            self._home = Home.at(self._path / "home", self._venue, account={"recv_window_ms": 500}, phase2=sweeps)
            self._supervisor = self._home.run()
            try:
                for _ in range(kills):
                    self._round()
                assert self._supervisor.terminate() == 0
                verified = self._home.albra("journal", "verify")
                assert verified.code == 0, verified
            finally:
                self._supervisor.__exit__()

    def _round(self) -> None:
        self._supervisor.ready()
        targets = _PREPARE[self.stage](self)
        delay_ms = self.random.choice(DELAYS_MS)
        logged = len(self._venue.truth().fault_log)
        self._venue.post("faults", **self._plan(len(targets), delay_ms))
        connections = [self._supervisor.send_request("POST", f"/v1/commands/{t.name}", t.body) for t in targets]
        # Not a wait for anything: this is the random instant.
        time.sleep(self.random.uniform(0, 0.05 + delay_ms / 700))
        killed_ms = self._kill(self.stage, targets, delay_ms)
        for connection in connections:
            connection.close()
        self._recover(targets)
        if self.random.random() < REPEATED:
            self._repeat(targets)
            repeated = True
        else:
            repeated = False
        self._venue.post("faults")
        rows = self._agreed()
        invariants.check(self._home, self._venue, rows)
        for target in targets:
            self._check_effect(target, rows, repeated=repeated)
        self.tally.struck += spoiling.struck(self._venue.truth().fault_log, logged, killed_ms)
        self._clean()

    def _plan(self, targets: int, delay_ms: int) -> dict[str, Any]:
        """Delays match everything, so that they come last."""
        method, path = REQUESTS.get(self.stage, ("POST", "/order"))
        faults: tuple[Fault, ...] = ()
        if self.random.random() < SPOILED:
            faults = spoiling.drawn(self.random, method, path, targets)
        return FaultPlan(faults=(*faults, *_delays(self.stage, delay_ms)), seed=self.random.getrandbits(32)).to_dict()

    def _kill(self, stage: str, targets: Sequence[Target], delay_ms: int) -> int:
        """When it was, in the venue's time: the machine's."""
        self._supervisor.kill()
        at_ms = time.time_ns() // 1_000_000
        self.tally.kills[stage] += 1
        journal, truth = self._home.events(), self._venue.truth()
        for target in targets:
            self.tally.fell[stage, moment(target, journal, truth, at_ms - delay_ms)] += 1
        return at_ms

    def _recover(self, targets: Sequence[Target]) -> None:
        self._supervisor = self._home.run()
        if self.random.random() < RECOVERY_KILLS:
            time.sleep(self.random.uniform(0.6, 2.5))
            self._kill(RECOVERY, targets, 0)
            self._supervisor = self._home.run()
        self._supervisor.ready()

    def _agreed(self) -> Sequence[invariants.Row]:
        """The rows once belief is the venue's: what rested at the kill is believed to rest until the first sweep."""
        rows: Sequence[invariants.Row] = []

        def agreed() -> bool:
            nonlocal rows
            rows = self._supervisor.settled()
            return invariants.believed(rows) == invariants.venue_net(self._venue.truth())

        wait_for("belief and venue agree (I5)", agreed, CONVERGENCE_S)
        return rows

    def _repeat(self, targets: Sequence[Target]) -> None:
        """Whoever lost an answer asks again under the same id; whatever the first did, both have one effect."""
        self._supervisor.settled()
        for target in targets:
            status, said = self._supervisor.decided(target.name, target.body)
            assert status in (200, 409), said

    def _check_effect(self, target: Target, rows: Sequence[invariants.Row], *, repeated: bool) -> None:
        """The command happened once or, where nobody repeated it, perhaps not at all."""
        row = self._row_of(target, rows)
        held = Decimal(row["quantity"]) if row else Decimal(0)
        whole = Decimal(target.listing.quantity)
        if self.stage == "partial close":
            outcomes = {whole - Decimal(target.listing.part)}
            before = whole
        elif self.stage in ("close", "cancel of an entry"):
            outcomes, before = {Decimal(0)}, whole if self.stage == "close" else Decimal(0)
        elif self.stage == "protection" and target.name == "modify":
            stop = Decimal(row["stop_loss"]) if row else None
            assert held == whole
            assert stop == Decimal(target.listing.further) or (not repeated and stop == Decimal(target.listing.below))
            return
        else:
            # An opening that came to nothing stays so; whoever wants it asks under a new id.
            outcomes, before = {whole, Decimal(0)}, Decimal(0)
            if row and row["state"] == "OPENING":
                return  # its limit rests on the book
        assert held in (outcomes if repeated else outcomes | {before}), (target, row)
        if self.stage == "cancel of an entry" and repeated:
            assert row is None, row

    def _row_of(self, target: Target, rows: Sequence[invariants.Row]) -> invariants.Row | None:
        for row in rows:
            if target.ordinal == invariants.ordinal(row) or (
                not target.ordinal and target.body["command_id"] in row["command_ids"]
            ):
                return row
        return None

    def _clean(self) -> None:
        if self._supervisor.live():
            self._supervisor.command("close_all", command_id=self._command_id())
            wait_for("everything closed", lambda: not self._supervisor.live())
        truth = invariants.check(self._home, self._venue, [])
        assert not truth.net

    # What the stages need --------------------------------------------------------------------------

    def _command_id(self) -> str:
        self._commands += 1
        return f"c{self._commands}"

    def _open_body(self, listing: Listing, **more: str) -> dict[str, Any]:
        self._opened += 1
        return {
            "command_id": self._command_id(),
            "symbol": listing.symbol,
            "side": "long",
            "quantity": listing.quantity,
            "strategy": f"s{self._opened}",
            **more,
        }

    def market_entries(self) -> list[Target]:
        return [Target(listing=x, name="open", body=self._open_body(x, stop_loss=x.below)) for x in LISTINGS]

    def limit_entries(self) -> list[Target]:
        """Every other one meets the market at once."""
        high = {"XRPUSDT": "0.51", "DOGEUSDT": "0.153", "SOLUSDT": "153", "BNBUSDT": "612", "ETHUSDT": "3060"}
        return [
            Target(
                listing=x,
                name="open",
                body=self._open_body(x, stop_loss=x.below, limit_price=high[x.symbol] if place % 2 else x.limit),
            )
            for place, x in enumerate(LISTINGS)
        ]

    def protections(self) -> list[Target]:
        """Half of them first stops, half of them moved ones."""
        held = self._held(LISTINGS[3:], lambda x: {"stop_loss": x.below})
        moved = [self._on(row, x, "modify", stop_loss=x.further) for row, x in held]
        placed = [Target(listing=x, name="open", body=self._open_body(x, stop_loss=x.below)) for x in LISTINGS[:3]]
        return placed + moved

    def partial_closes(self) -> list[Target]:
        held = self._held(LISTINGS, lambda x: {"stop_loss": x.below})
        return [self._on(row, x, "close", quantity=x.part) for row, x in held]

    def closes(self) -> list[Target]:
        held = self._held(LISTINGS, lambda x: {"stop_loss": x.below})
        return [self._on(row, x, "close") for row, x in held]

    def cancels(self) -> list[Target]:
        held = self._held(LISTINGS, lambda x: {"limit_price": x.limit})
        return [self._on(row, x, "close") for row, x in held]

    def _held(
        self, listings: Sequence[Listing], more: Callable[[Listing], dict[str, str]]
    ) -> list[tuple[invariants.Row, Listing]]:
        said = [self._supervisor.command("open", **self._open_body(x, **more(x))) for x in listings]
        rows = {row["position_id"]: row for row in self._supervisor.settled()}
        return [(rows[each["position_id"]], x) for each, x in zip(said, listings, strict=True)]

    def _on(self, row: invariants.Row, listing: Listing, name: str, **more: str) -> Target:
        body = {"command_id": self._command_id(), "position_id": row["position_id"], **more}
        return Target(listing=listing, name=name, body=body, ordinal=invariants.ordinal(row), since=row["version"])


_PREPARE: Mapping[str, Callable[[World], list[Target]]] = {
    "market entry": World.market_entries,
    "limit entry": World.limit_entries,
    "protection": World.protections,
    "partial close": World.partial_closes,
    "close": World.closes,
    "cancel of an entry": World.cancels,
}


def _delays(stage: str, delay_ms: int) -> tuple[Fault, ...]:
    """Answers and events of the stage's orders come late, so that the instants between them are wide."""
    if not delay_ms:
        return ()
    answers = Fault(kind=FaultKind.DELAYED, path="/order", delay_ms=delay_ms, count=0)
    events = Fault(kind=FaultKind.EVENT_DELAYED, delay_ms=delay_ms, count=0)
    if stage == "protection":
        return replace(answers, method="POST", path="/algoOrder"), replace(events, event="ALGO_UPDATE")
    return answers, events


def moment(target: Target, journal: Sequence[ExportedEvent], truth: Truth, answered_before_ms: int) -> str:
    """How far the command had come, by the last of its events that is durable."""
    events = _story(target, journal)
    if target.name == "close" and not any(isinstance(event, e.CloseRequested) for event in events):
        return MOMENTS[0]
    cancels = [event for event in events if isinstance(event, e.CancelIntended)]
    intents = [event for event in events if isinstance(event, e.OrderIntended)]
    stops = [intent for intent in intents if intent.purpose.protective]
    if target.name == "open" and stops:
        intents = stops  # the entry is over; what counts is the first stop
    elif target.name == "close":
        intents = [event for event in intents if event.purpose is OrderPurpose.REDUCE]
    if intents:
        name = intents[0].client_order_id
        ended = any(getattr(event, "client_order_id", None) == name for event in _after(events, intents[0]))
        found = truth.sent_as(name)
        since_ms = found[0]["created_ms"] if found else 0
    elif cancels:
        name = cancels[0].client_order_id
        ended = any(isinstance(event, e.OrderEnded) and event.client_order_id == name for event in events)
        since_ms = next((order["closed_ms"] for order in truth.sent_as(name)), 0)
    else:
        return MOMENTS[0]
    if ended:
        return MOMENTS[4]
    if not since_ms:
        return MOMENTS[1]
    return MOMENTS[2] if since_ms > answered_before_ms else MOMENTS[3]


def _story(target: Target, journal: Sequence[ExportedEvent]) -> list[Event]:
    """The events that the command brought about."""
    ordinal = target.ordinal
    if not ordinal:
        named = (
            item.ordinal
            for item in journal
            if isinstance(item.event, e.PositionRequested) and item.event.command_id == target.body["command_id"]
        )
        ordinal = next(named, 0)
    return [item.event for item in journal if item.ordinal == ordinal and item.version > target.since]


def _after(events: Sequence[Event], intent: e.OrderIntended) -> Sequence[Event]:
    return [event for event in events[events.index(intent) + 1 :] if not isinstance(event, e.CancelIntended)]

"""Every ambiguous answer of the venue, on an opening, a stop, a close and a cancel, with and without effect."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.storage.reader import ExportedEvent
from messages import events as e
from messages.types import OrderPurpose, PositionState
from tests.e2e import invariants
from tests.e2e.answers import (
    ALREADY_THROUGH,
    MISSING,
    REDUCE_ONLY,
    THROTTLED,
    Case,
    Effect,
    Proof,
    submits,
    unknown,
)
from tests.e2e.process import Home, Supervisor, Truth, Venue, order_name, wait_for

RESOLVED_WITHIN_S = 8.0
"""Validity of a request here (1 s, 1 s of skew, 1 s of margin), two spaced queries, trades; and a busy machine."""
SYMBOLS: Sequence[tuple[str, str, str, str]] = (
    ("XRPUSDT", "40", "0.4", "0.48"),
    ("DOGEUSDT", "400", "0.12", "0.144"),
    ("SOLUSDT", "0.3", "120", "144"),
    ("BNBUSDT", "0.1", "480", "576"),
    ("ADAUSDT", "50", "0.36", "0.432"),
    ("LINKUSDT", "2", "12", "14.4"),
    ("LTCUSDT", "0.3", "64", "76.8"),
    ("AVAXUSDT", "1", "24", "28.8"),
    ("ETHUSDT", "0.01", "2400", "2880"),
)
"""Name, quantity, a stop far below, a limit below the price: the venue takes ten stops a symbol."""

pytestmark = pytest.mark.timeout(180)


class Stage:
    """One venue and one supervisor; a position for each case, all in doubt at once."""

    def __init__(self, home: Home, venue: Venue, supervisor: Supervisor) -> None:
        self.home, self.venue, self.supervisor = home, venue, supervisor
        self.journal_id = home.journal_id()
        self.opened = 0

    def open(self, case: Case, **more: str) -> str:
        """The position's id. Ordinals are counted, so that faults can be laid before."""
        symbol, quantity, _, _ = SYMBOLS[self.opened % len(SYMBOLS)]
        self.opened += 1
        body = {"symbol": symbol, "side": "long", "quantity": quantity, "strategy": case.name, **more}
        said = self.supervisor.command("open", command_id=f"open-{case.name}-{self.opened}", **body)
        position_id = str(said["position_id"])
        assert position_id.endswith(f".{self.opened}"), said
        return position_id

    def open_all(self, cases: Sequence[Case]) -> dict[str, str]:
        """Positions by the case's name, each of whose entries meets its case."""
        first = self.opened + 1
        self.lay(cases, first, method="POST", path="/order")
        return {case.name: self.open(case, stop_loss=self.stop_of(n)) for n, case in enumerate(cases, first)}

    def stop_of(self, ordinal: int) -> str:
        return SYMBOLS[(ordinal - 1) % len(SYMBOLS)][2]

    def limit_of(self, ordinal: int) -> str:
        return SYMBOLS[(ordinal - 1) % len(SYMBOLS)][3]

    def lay(self, cases: Sequence[Case], first: int = 1, **match: str) -> None:
        prefixes = (order_name(self.journal_id, ordinal) for ordinal in range(first, first + len(cases)))
        pairs = zip(cases, prefixes, strict=True)
        self.venue.post("faults", faults=[f for case, prefix in pairs for f in case.faults(prefix, **match)])

    def settle(self) -> tuple[dict[str, dict[str, Any]], Truth]:
        """Every position by id, terminal ones included, when all is at rest; what must hold always is checked."""
        live = self.supervisor.settled(60)
        truth = invariants.check(self.home, self.venue, live)
        return {row["position_id"]: row for row in self.supervisor.positions()}, truth


@contextmanager
def staged(path: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        venue = stack.enter_context(Venue(path / "venue"))
        venue.post("limits", weight_per_minute=24_000)  # dozens of doubts at once, each with its questions
        home = Home.at(path / "home", venue)
        supervisor = stack.enter_context(home.run()).ready()
        yield Stage(home, venue, supervisor)


def test_an_opening_whose_answer_is_ambiguous_has_one_effect_or_none_and_is_known_in_time(tmp_path: Path) -> None:
    cases = list(submits())
    with staged(tmp_path) as stage:
        ids = stage.open_all(cases)
        refused = see_doubt_that_holds_openings(stage)
        rows, truth = stage.settle()
        while held := [case for case in cases if held_back(rows[ids[case.name]])]:
            ids |= stage.open_all(held)
            rows, truth = stage.settle()
        done = struck(stage, cases)
        journal = stage.home.events()
        for case in cases:
            position_id = ids[case.name]
            row = rows[position_id]
            wanted = Decimal(SYMBOLS[(invariants.ordinal(row) - 1) % len(SYMBOLS)][1])
            sent = len(truth.sent_as(order_name(stage.journal_id, invariants.ordinal(row), 1)))
            found = (case.name, row["state"], Decimal(row["quantity"]), sent)
            exists = done[case.name] or case.proof is Proof.NOT_EXECUTED  # sent once more, under the same id
            expected = ("ACTIVE", wanted, 1) if exists else ("FAILED", Decimal(0), 0)
            assert found == (case.name, *expected), (row["reason"], found)
            check_doubt(case, of(position_id, journal), OrderPurpose.ENTRY, happened=done[case.name])
    assert "outcome" in refused or "opening" in refused or "holds" in refused


def test_a_stop_whose_answer_is_ambiguous_ends_as_one_stop(tmp_path: Path) -> None:
    through = Case(name="m2021", proof=Proof.REJECTED, effect=Effect.NONE, fault=ALREADY_THROUGH)
    cases = [*submits(), through]
    with staged(tmp_path) as stage:
        stage.lay(cases, method="POST", path="/algoOrder")
        ids = [stage.open(case, stop_loss=stage.stop_of(place)) for place, case in enumerate(cases, 1)]
        see_reconciling(stage)
        rows, truth = stage.settle()
        done = struck(stage, cases)
        journal = stage.home.events()
        for case, position_id in zip(cases, ids, strict=True):
            prefix = order_name(stage.journal_id, invariants.ordinal(rows[position_id]))
            ever = [algo for algo in truth.algos if algo["client_algo_id"].startswith(prefix)]
            state = rows[position_id]["state"]
            expected = (case.name, "CLOSED", 0) if case is through else (case.name, "ACTIVE", 1)
            assert (case.name, state, len(ever)) == expected
            check_doubt(case, of(position_id, journal), OrderPurpose.STOP, happened=done[case.name])


def test_a_close_whose_answer_is_ambiguous_closes_once(tmp_path: Path) -> None:
    reduce_only = Case(name="m2022", proof=Proof.REJECTED, effect=Effect.NONE, fault=REDUCE_ONLY)
    cases = [*submits(), reduce_only]
    with staged(tmp_path) as stage:
        ids = [stage.open(case, stop_loss=stage.stop_of(place)) for place, case in enumerate(cases, 1)]
        stage.settle()
        stage.lay(cases, method="POST", path="/order")
        for case, position_id in zip(cases, ids, strict=True):
            stage.supervisor.command("close", command_id=f"close-{case.name}", position_id=position_id)
        see_reconciling(stage)
        wait_for("all closed", lambda: not stage.supervisor.live(), 60)
        rows, truth = stage.settle()
        done = struck(stage, cases)
        assert not truth.net
        journal = stage.home.events()
        for case, position_id in zip(cases, ids, strict=True):
            prefix = order_name(stage.journal_id, invariants.ordinal(rows[position_id]))
            sells = [o for o in truth.orders if o["client_order_id"].startswith(prefix) and o["side"] == "SELL"]
            assert (case.name, rows[position_id]["state"], len(sells)) == (case.name, "CLOSED", 1)
            assert sells[0]["reduce_only"]
            check_doubt(case, of(position_id, journal), OrderPurpose.REDUCE, happened=done[case.name])


def test_a_cancel_whose_answer_is_ambiguous_cancels(tmp_path: Path) -> None:
    missing = [
        Case(name=f"m2011_{effect}", proof=Proof.REJECTED, effect=effect, fault=MISSING)
        for effect in (Effect.NONE, Effect.DONE, Effect.UNHEARD)
    ]
    cases = [*unknown(), *missing]
    with staged(tmp_path) as stage:
        ids = [stage.open(case, limit_price=stage.limit_of(place)) for place, case in enumerate(cases, 1)]
        stage.settle()
        stage.lay(cases, method="DELETE", path="/order")
        for case, position_id in zip(cases, ids, strict=True):
            stage.supervisor.command("close", command_id=f"close-{case.name}", position_id=position_id)
        wait_for("all canceled", lambda: not stage.supervisor.live(), 60)
        rows, truth = stage.settle()
        struck(stage, cases)
        assert not truth.net
        assert not truth.open_orders()
        assert {rows[position_id]["state"] for position_id in ids} == {"CANCELLED"}


@pytest.mark.parametrize("name", THROTTLED)
def test_a_throttled_request_waits_and_is_sent_once_the_venue_listens_again(name: str, tmp_path: Path) -> None:
    """On an opening, a stop and a close at once: the silence is the account's."""
    kinds = ("opening", "stop", "close")
    cases = [Case(name=k, proof=Proof.NOT_EXECUTED, effect=Effect.NONE, fault=THROTTLED[name]) for k in kinds]
    opening, stop, close = cases
    with staged(tmp_path) as stage:
        closed_id = stage.open(close, stop_loss=stage.stop_of(1))
        stage.settle()
        stage.venue.post(
            "faults",
            faults=[
                *close.faults(order_name(stage.journal_id, 1), method="POST", path="/order"),
                *opening.faults(order_name(stage.journal_id, 2), method="POST", path="/order"),
                *stop.faults(order_name(stage.journal_id, 3), method="POST", path="/algoOrder"),
            ],
        )
        ids = [stage.open(case, stop_loss=stage.stop_of(place)) for place, case in ((2, opening), (3, stop))]
        stage.supervisor.command("close", command_id="close", position_id=closed_id)
        wait_for("the close", lambda: stage.supervisor.position(closed_id)["state"] == "CLOSED", 60)
        rows, truth = stage.settle()
        struck(stage, cases)
        assert [rows[each]["state"] for each in ids] == ["ACTIVE", "ACTIVE"]
        ours = [each for each in truth.client_ids() if each.startswith("ab")]
        # Two orders each of the two that are open, and the three of the one that is closed.
        assert len(ours) == len(set(ours)) == 7


def see_reconciling(stage: Stage) -> Mapping[str, Any]:
    """What nobody knows is shown as such, to people too."""

    def in_doubt() -> dict[str, Any] | None:
        return next((row for row in stage.supervisor.live() if row["in_doubt"]), None)

    row: dict[str, Any] = wait_for("a position in doubt", in_doubt, pause_s=0.005)
    assert row["state"] == "RECONCILING", row
    return row


def see_doubt_that_holds_openings(stage: Stage) -> str:
    """Another opening on that key is refused; in words."""
    row = see_reconciling(stage)
    body = {name: row[name] for name in ("symbol", "side", "strategy")}
    status, said = stage.supervisor.ask(
        "POST", "/v1/commands/open", {**body, "command_id": "again", "quantity": "1000"}
    )
    assert status == 409, said
    return str(said["error"])


def held_back(row: Mapping[str, Any]) -> bool:
    """Called off before it left: five answers in a row that were none had opened the circuit, as the machine's pace
    would have it.
    """
    return str(row["reason"]).startswith("entry order refused: the venue does not answer orders")


def struck(stage: Stage, cases: Sequence[Case]) -> Mapping[str, bool]:
    """By case, whether the spoiled request took effect; all were spoiled: a test of nothing would pass as well.

    An effect that was to come may not have come on a busy machine: the venue refused the request as too old.
    """
    log = stage.venue.truth().fault_log
    done: dict[str, bool] = {record["name"]: bool(record["effect"]) for record in log if record["effect"] is not None}
    unstruck = {case.name for case in cases} - done.keys()
    became = [(row["strategy"], row["state"], row["reason"]) for row in stage.supervisor.positions()]
    assert not unstruck, [each for each in became if each[0] in unstruck]
    assert not [case.name for case in cases if done[case.name] and not case.effect.happens]
    too_late = [case.name for case in cases if case.effect.happens and not done[case.name]]
    assert len(too_late) <= len(cases) // 4, too_late
    return done


def of(position_id: str, journal: Sequence[ExportedEvent]) -> list[ExportedEvent]:
    return [item for item in journal if item.position_id == position_id]


_OUTCOMES = (e.OrderAcknowledged, e.OrderProvenAbsent, e.OrderEnded, e.OrderFilled, e.OrderRefused)


def check_doubt(case: Case, story: Sequence[ExportedEvent], purpose: OrderPurpose, *, happened: bool) -> None:
    """What was unknown was journalled as doubt, showed as RECONCILING, and was found out in time."""
    name = next(
        item.event.client_order_id
        for item in story
        if isinstance(item.event, e.OrderIntended) and item.event.purpose is purpose
    )
    about = [item for item in story if getattr(item.event, "client_order_id", None) == name]
    doubts = [item for item in about if isinstance(item.event, e.OrderDoubted)]
    if case.proof in (Proof.NOT_EXECUTED, Proof.REJECTED):
        assert not doubts, (case.name, doubts)
        return
    if case.proof is Proof.DUPLICATE and happened:
        assert not doubts, (case.name, doubts)  # an open order has this id, and only we use it: fetched and adopted
        return
    if case.effect in (Effect.DONE, Effect.LATE) and not doubts:
        return  # the stream told of it before the answer came, or before it was given up
    assert len(doubts) == 1, (case.name, story)
    shown = [item.event for item in story if item.seq == doubts[0].seq and isinstance(item.event, e.StateChanged)]
    assert [event.after for event in shown] == [PositionState.RECONCILING], case.name
    known = next(item for item in about if isinstance(item.event, _OUTCOMES) and item.seq > doubts[0].seq)
    took_s = (known.ts - doubts[0].ts) / 1e9
    assert took_s < RESOLVED_WITHIN_S, (case.name, took_s)
    assert isinstance(known.event, e.OrderProvenAbsent) is not happened, (case.name, known.event)

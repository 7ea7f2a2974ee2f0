"""A funding is shared by what was held when it was paid, whenever it is told, and counts once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.funding import KEPT_NS, MOVES_MOST, Holder, held_at, moved, paid, shares
from actors.recovery import restored
from actors.supervisor.funding_payments import lacking_of
from actors.supervisor.memory import Restored
from adapters.storage.record import as_replayed
from messages import reports as r
from messages.commands import ClosePosition, RetirePosition
from messages.events import FundingBooked
from messages.requests import Notify, SubmitOpening, SubmitReducing
from messages.statement import verbatim
from messages.types import (
    CommandId,
    PositionId,
    PositionMode,
    PositionSide,
    StrategyId,
    Track,
    TradeId,
    VenueOrderId,
)
from tests.supervisor.house import BTC, EDGE, MAIN, House
from tests.supervisor.test_money import Home

GATEWAY = "gateway/main"
SECOND = 1_000_000_000
PAID_NS = 1_000
SIDES = tuple(PositionSide)
Change = tuple[int, int, Decimal]
"""Which position, when, and by how much."""

amounts = st.integers(-(10**12), 10**12).map(lambda number: Decimal(number) / 10**8)
quantities = st.integers(-(10**6), 10**6).map(lambda number: Decimal(number) / 1000)


# What follows from histories alone --------------------------------------------------------------------------


@given(amounts, st.lists(quantities, max_size=6))
def test_the_shares_add_up_to_the_payment(amount: Decimal, held: list[Decimal]) -> None:
    parts = shares(amount, dict(enumerate(held)))
    assert sum(parts.values(), Decimal(0)) == (amount if sum(held) else 0)
    assert parts.keys() == ({n for n, quantity in enumerate(held) if quantity} if sum(held) else set())


changes = st.lists(st.tuples(st.integers(0, 3), st.integers(990, 1010), quantities), max_size=12)


def holders(tracks: Mapping[int, Track], told: Sequence[Change]) -> list[Holder]:
    sums = {n: sum((change for which, _, change in told if which == n), Decimal(0)) for n in tracks}
    return [
        Holder(
            position_id=PositionId(f"main.BTCUSDT.{SIDES[n % 2]}.s.{n}"),
            ordinal=n,
            place=(MAIN, BTC),
            side=SIDES[n % 2],
            quantity=sums[n],
            track=track,
        )
        for n, track in tracks.items()
    ]


def payment(amount: Decimal, at_ns: int = PAID_NS) -> r.FundingReport:
    return r.FundingReport(account=MAIN, symbol=BTC, amount=amount, currency="USDT", payment_id="9", ts_event=at_ns)


@given(st.data(), amounts, changes)
def test_in_whatever_order_trades_and_payments_are_told_each_ends_with_its_own(
    data: st.DataObject, amount: Decimal, trades: list[Change]
) -> None:
    """The oracle adds up the trades of before; the rule is asked in between, and books what is lacking so far."""
    tracks = {n: Track() for n in range(4)}
    order = data.draw(st.permutations([*range(len(trades)), None, None, None]))
    told: list[Change] = []
    for which in [*order, None]:
        if which is None:
            for holder, share in lacking_of(payment(amount), holders(tracks, told), wholly=True):
                n, missing = holder.ordinal, share.amount - share.booked
                tracks[n] = paid(tracks[n], PAID_NS, "USDT", missing, PAID_NS)
        else:
            n, at_ns, change = trades[which]
            tracks[n] = moved(tracks[n], at_ns, change, at_ns)
            told.append(trades[which])
    before = {
        n: sum((c for which, at, c in trades if (which, at < PAID_NS) == (n, True)), Decimal(0)) * SIDES[n % 2].sign
        for n in tracks
    }
    booked = {n: sum((amount for *_, amount in track.paid), Decimal(0)) for n, track in tracks.items()}
    assert {n: part for n, part in booked.items() if part} == {n: p for n, p in shares(amount, before).items() if p}
    assert not list(lacking_of(payment(amount), holders(tracks, told), wholly=True))


@given(st.lists(st.tuples(st.integers(1, 50), quantities), max_size=20), st.integers(0, 51))
def test_what_was_held_is_what_had_changed_before(moves: list[tuple[int, Decimal]], at_ns: int) -> None:
    track = Track()
    for time_ns, change in moves:
        track = moved(track, time_ns, change, time_ns)
    now = sum((change for _, change in moves), Decimal(0))
    assert held_at(track, now, at_ns) == sum((change for time_ns, change in moves if time_ns < at_ns), Decimal(0))


def test_a_position_remembers_so_much_and_says_since_when() -> None:
    track = Track()
    for time_ns in range(1, MOVES_MOST + 11):
        track = moved(track, time_ns, Decimal(1), time_ns)
    assert (len(track.moves), track.since_ns) == (MOVES_MOST, 10)
    assert moved(track, 5, Decimal(1), 5) == track
    later = moved(track, 10 + KEPT_NS, Decimal(1), 1 + KEPT_NS + MOVES_MOST + 10)
    assert (later.moves, later.since_ns) == (((10 + KEPT_NS, Decimal(1)),), MOVES_MOST + 10)
    booked = paid(Track(), 5, "USDT", Decimal(1), 5)
    booked = paid(booked, 7 + KEPT_NS, "USDT", Decimal(2), 7 + KEPT_NS)
    assert (booked.paid, booked.settled_ns) == (((7 + KEPT_NS, "USDT", Decimal(2)),), 5)


def test_where_not_all_is_known_what_is_booked_stays_and_what_is_not_is_shared() -> None:
    held = holders({0: moved(Track(), 1, Decimal(2), 1), 2: moved(Track(), 1, Decimal(1), 1)}, [(0, 1, Decimal(2))])
    held[1] = replace(held[1], quantity=Decimal(1))
    found = {h.ordinal: share.amount for h, share in lacking_of(payment(Decimal(-3)), held, wholly=False)}
    assert found == {0: -2, 2: -1}
    held[0] = replace(held[0], track=paid(held[0].track, PAID_NS, "USDT", Decimal(-3), 1))
    assert not list(lacking_of(payment(Decimal(-3)), held, wholly=False))


# The supervisor and its positions ---------------------------------------------------------------------------


class Desk:
    """A house whose venue deals at times of its own."""

    def __init__(self, house: House | None = None, mode: PositionMode = PositionMode.ONE_WAY) -> None:
        self.house = (house or Home()).ready(mode=mode)
        self.trades = 0

    @property
    def now_ns(self) -> int:
        return self.house.dispatcher.clock.time_ns()

    def fill(self, order: SubmitOpening | SubmitReducing, at_ns: int) -> None:
        self.trades += 1
        self.house.tell(
            r.FillReport(
                account=MAIN, symbol=BTC, client_order_id=order.client_order_id, venue_order_id=VenueOrderId("1"),
                trade_id=TradeId(f"{order.client_order_id}/{self.trades}"), side=order.side, quantity=order.quantity,
                price=Decimal(60_000), fee=Decimal(0), fee_currency="USDT", ts_event=at_ns,
            )
        )  # fmt: skip

    def open(self, strategy: str, **more: Any) -> SubmitOpening:
        self.house.open(f"open-{strategy}", strategy=StrategyId(strategy), **more)
        order: SubmitOpening = self.house.all(SubmitOpening, GATEWAY)[-1]
        return order

    def held(self, strategy: str, **more: Any) -> int:
        """From now on; its ordinal."""
        self.fill(self.open(strategy, **more), self.now_ns)
        self.house.run(1)
        return max(self.house.known.book.views)

    def closing(self, ordinal: int) -> SubmitReducing:
        name = self.house.known.book.views[ordinal].position_id
        self.house.tell(ClosePosition(command_id=CommandId(f"close-{ordinal}"), reply_to=EDGE, position_id=name))
        order: SubmitReducing = self.house.all(SubmitReducing, GATEWAY)[-1]
        return order

    def paid(self, amount: str, at_ns: int) -> None:
        self.house.tell(payment(Decimal(amount), at_ns))
        self.house.run(5)

    @property
    def fundings(self) -> dict[int, Decimal]:
        return {ordinal: view.funding for ordinal, view in self.house.known.book.views.items()}

    @property
    def booked(self) -> list[tuple[int, Decimal]]:
        events = self.house.journal.recent_events(10_000)
        return [(ordinal, event.amount) for ordinal, event in events if isinstance(event, FundingBooked)]

    def again(self, kind: type[Home] = Home, **more: Any) -> "Desk":
        """After a restart of the process."""
        house = kind(self.house.journal.image, **more)
        house.dispatcher.advance(self.now_ns - house.dispatcher.clock.time_ns())
        return Desk(house)


def test_funding_reaches_the_position_as_money_and_its_repetition_changes_nothing() -> None:
    desk = Desk()
    one = desk.held("trend")
    at_ns = desk.now_ns
    for _ in range(3):
        desk.paid("-0.06", at_ns)
    view = desk.house.known.book.views[one]
    assert (view.funding, view.quantity, desk.booked) == (Decimal("-0.06"), Decimal("0.01"), [(one, Decimal("-0.06"))])


def test_the_legs_of_a_hedge_account_pay_each_other() -> None:
    desk = Desk(mode=PositionMode.HEDGE)
    one, two = desk.held("trend", quantity=Decimal("0.03")), desk.held("hedge", side=PositionSide.SHORT)
    desk.paid("-0.12", desk.now_ns)
    assert desk.fundings == {one: Decimal("-0.18"), two: Decimal("0.06")}


def test_a_position_that_is_over_when_it_is_told_has_its_share_and_a_later_one_has_none() -> None:
    desk = Desk()
    one = desk.held("trend")
    at_ns = desk.now_ns
    desk.fill(desk.closing(one), at_ns + SECOND)
    two = desk.held("grid", quantity=Decimal("0.05"))
    desk.paid("-0.06", at_ns)
    assert desk.house.known.book.views[one].state.terminal
    assert desk.fundings == {one: Decimal("-0.06"), two: 0}


def test_what_was_held_counts_and_not_what_is_held() -> None:
    desk = Desk()
    one, two = desk.held("trend"), desk.held("grid", quantity=Decimal("0.02"))
    at_ns = desk.now_ns
    desk.house.run(1)
    desk.fill(desk.closing(two), desk.now_ns)
    desk.paid("-0.03", at_ns)
    assert desk.fundings == {one: Decimal("-0.01"), two: Decimal("-0.02")}


def test_a_trade_that_becomes_known_late_moves_what_was_shared_without_it() -> None:
    desk = Desk()
    one = desk.held("trend")
    late = desk.open("grid", quantity=Decimal("0.02"))
    filled_ns = desk.now_ns
    desk.house.run(1)
    desk.paid("-0.03", desk.now_ns)
    assert desk.fundings[one] == Decimal("-0.03")
    desk.fill(late, filled_ns)
    desk.house.run(5)
    assert sorted(desk.fundings.values()) == [Decimal("-0.02"), Decimal("-0.01")]


def test_what_nothing_of_ours_held_is_a_humans() -> None:
    desk = Desk()
    at_ns = desk.now_ns
    one = desk.held("trend")
    desk.paid("-0.03", at_ns)
    assert desk.fundings == {one: 0}
    assert not desk.booked


def test_a_leg_that_is_read_later_than_the_other_belongs_to_the_same_payment() -> None:
    desk = Desk()
    one = desk.held("trend")
    at_ns = desk.now_ns
    desk.paid("-0.03", at_ns)
    desk.paid("-0.05", at_ns)
    assert desk.fundings == {one: Decimal("-0.05")}


def test_after_a_restart_what_was_paid_before_counts_once_and_what_was_missed_counts() -> None:
    desk = Desk()
    one, two = desk.held("trend"), desk.held("grid")
    first_ns = desk.now_ns
    desk.paid("-0.02", first_ns)
    missed_ns = desk.now_ns
    desk.house.run(1)
    desk.fill(desk.closing(two), desk.now_ns)
    desk = desk.again()
    desk.paid("-0.02", first_ns)
    desk.paid("-0.04", missed_ns)
    desk.paid("-0.04", missed_ns)
    assert desk.fundings == {one: Decimal("-0.03"), two: Decimal("-0.03")}
    assert len(desk.booked) == 4


def test_a_position_whose_view_is_not_at_hand_any_more_has_its_share_too() -> None:
    """Of what ended only the latest are shown after a start; the journal tells what the others held."""
    desk = Desk()
    one = desk.held("trend")
    at_ns = desk.now_ns
    desk.house.run(1)
    desk.fill(desk.closing(one), desk.now_ns)
    two = desk.held("grid")
    desk.fill(desk.closing(two), desk.now_ns)
    desk = desk.again(finished_shown=1)
    assert desk.fundings.keys() == {two}
    desk.paid("-0.03", at_ns)
    assert desk.booked == [(one, Decimal("-0.03"))]


def test_a_funding_that_nothing_held_can_cost_is_told_once_and_not_booked() -> None:
    """0.01 at 60,000 are held: a tenth of that is more than any rate, and the price may have moved."""
    desk = Desk()
    one = desk.held("trend")
    desk.house.tell(r.MarkReport(account=MAIN, symbol=BTC, mark_price=Decimal(60_000)))
    for amount in ("-250000", "61", "-60"):
        desk.paid(amount, desk.now_ns)
    assert desk.fundings == {one: Decimal(-60)}
    told = [n.text for n in desk.house.all(Notify, "notifier") if "nothing that is held costs that" in n.text]
    assert told == [
        f"main: a funding of {amount} USDT for 0.01 BTCUSDT is not booked: nothing that is held costs that"
        for amount in ("-250000", "61")
    ]


class Damaged(Home):
    """The history of the second position cannot be read."""

    def _restored(self) -> Restored:
        found = [(each.position_id, as_replayed(each)) for each in self.journal.recover()]
        spoiled = [
            (name, replace(past, events=(), damage=verbatim("a checksum")) if past.ordinal == 2 else past)
            for name, past in found
        ]
        return restored(spoiled, finished=(), recent=(), highest_ordinal=2, day_of=lambda _: 1)


def test_where_a_position_that_cannot_be_read_had_a_share_the_others_keep_theirs() -> None:
    """It is silent at first, then retired; in the life after that its number is all that is known of it."""
    desk = Desk()
    one, two = desk.held("trend"), desk.held("grid")
    at_ns = desk.now_ns
    desk.paid("-0.02", at_ns)
    name = desk.house.known.book.views[two].position_id
    for _ in range(3):
        desk = desk.again(Damaged)
        desk.paid("-0.02", at_ns)
        assert desk.fundings == {one: Decimal("-0.01")}
        desk.house.tell(RetirePosition(command_id=CommandId("r"), position_id=name, discrepancy_id="d"))
    assert name in desk.house.known.retired
    assert sorted(desk.booked) == [(one, Decimal("-0.01")), (two, Decimal("-0.01"))]
    later_ns = desk.now_ns
    desk.paid("-0.05", later_ns)
    assert desk.fundings == {one: Decimal("-0.06")}

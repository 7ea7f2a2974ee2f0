"""What must hold once everything is at rest: the venue's own state against belief and journal.

Numbers as in the list of invariants: I1 one effect an intent, I3 intent before sending, I4 every fill
owned once, I5 belief equals venue, I7 no position without its stop, I9 no stop without a position.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from adapters.storage.reader import ExportedEvent, JournalReader
from messages import events as e
from messages.ids import parse_client_order_id, parse_position_id
from messages.types import OrderPurpose
from tests.e2e.process import Home, Truth, Venue

Row = Mapping[str, Any]


def check(home: Home, venue: Venue, rows: Sequence[Row]) -> Truth:
    """Raises AssertionError naming what does not agree. `rows` are the live positions, all at rest."""
    truth = venue.truth()
    agree(home, truth, rows)
    return truth


def agree(home: Home, truth: Truth, rows: Sequence[Row]) -> None:
    """`check` with the venue's state at hand. Nobody must be writing there meanwhile."""
    journal = home.events()
    journal_id = home.journal_id()
    ours = [name for name in truth.client_ids() if name.startswith(f"ab{journal_id}")]
    assert believed(rows) == venue_net(truth), ("I5", believed(rows), venue_net(truth), rows)
    doubled = {name: times for name, times in Counter(ours).items() if times > 1}
    assert not doubled, ("I1: sent twice", doubled)
    _check_intents(journal, ours)
    _check_fills(journal, truth, journal_id)
    _check_commands(journal, truth)
    _check_protection(rows, truth, journal_id)
    _check_entries(rows, truth, journal_id)
    with JournalReader(home.storage) as reader:
        assert not reader.verify().damage


def believed(rows: Sequence[Row]) -> dict[str, Decimal]:
    """Net quantity by symbol; flat ones are left out."""
    net: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        quantity = Decimal(row["quantity"])
        net[row["symbol"]] += quantity if row["side"] == "long" else -quantity
    return {symbol: quantity for symbol, quantity in net.items() if quantity}


def venue_net(truth: Truth) -> dict[str, Decimal]:
    return {symbol: Decimal(quantity) for symbol, quantity in truth.net.items()}


def _check_intents(journal: Sequence[ExportedEvent], ours: Sequence[str]) -> None:
    intended = [item.event.client_order_id for item in journal if isinstance(item.event, e.OrderIntended)]
    assert len(set(intended)) == len(intended), "I1: an id was intended twice"
    assert not set(ours) - set(intended), ("I3: sent without an intent", set(ours) - set(intended))


def _check_fills(journal: Sequence[ExportedEvent], truth: Truth, journal_id: str) -> None:
    names = {row["order_id"]: row["client_order_id"] for row in truth.orders}
    executed: dict[str, Decimal] = defaultdict(Decimal)
    for trade in truth.trades:
        if names[trade["order_id"]].startswith(f"ab{journal_id}"):
            executed[names[trade["order_id"]]] += Decimal(trade["quantity"])
    fills = [item.event for item in journal if isinstance(item.event, e.OrderFilled)]
    owned: dict[str, Decimal] = defaultdict(Decimal)
    for fill in fills:
        owned[fill.client_order_id] += fill.quantity
    # Each symbol counts its trades by itself.
    trades = {
        (parsed[0].symbol, item.event.trade_id)
        for item in journal
        if isinstance(item.event, e.OrderFilled) and (parsed := parse_position_id(item.position_id)) is not None
    }
    assert len(trades) == len(fills), "I4: one trade owned twice"
    assert dict(owned) == dict(executed), ("I4", dict(owned), dict(executed))


def _check_commands(journal: Sequence[ExportedEvent], truth: Truth) -> None:
    """I14: a command opens one position, and what it bought is never more than was asked for."""
    requests = [item.event for item in journal if isinstance(item.event, e.PositionRequested)]
    assert len({request.command_id for request in requests}) == len(requests), "I14: one command, two positions"
    entries = {
        item.event.client_order_id: item.ordinal
        for item in journal
        if isinstance(item.event, e.OrderIntended) and item.event.purpose is OrderPurpose.ENTRY
    }
    bought: dict[int, Decimal] = defaultdict(Decimal)
    for order in truth.orders:
        if order["client_order_id"] in entries:
            bought[entries[order["client_order_id"]]] += Decimal(order["executed"])
    asked: dict[int, Decimal] = defaultdict(Decimal)
    for item in journal:
        if isinstance(item.event, e.PositionRequested | e.AdditionRequested):
            asked[item.ordinal] += item.event.quantity
    for ordinal, quantity in bought.items():
        assert quantity <= asked[ordinal], ("I1: entered more than asked", ordinal, quantity, asked[ordinal])


def _check_protection(rows: Sequence[Row], truth: Truth, journal_id: str) -> None:
    resting: dict[int, list[Row]] = defaultdict(list)
    for algo in truth.open_algos():
        name = parse_client_order_id(algo["client_algo_id"])
        if name is not None and name.journal_id == journal_id:
            resting[name.ordinal].append(algo)
    for row in rows:
        stops = resting.pop(ordinal(row), [])
        wanted = [row[price] for price in ("stop_loss", "take_profit") if row[price] and Decimal(row["quantity"])]
        # On a leg that others share, what a position grew by is covered by a stop beside the one that rests.
        found: dict[Decimal, Decimal] = defaultdict(Decimal)
        for stop in stops:
            found[Decimal(stop["trigger_price"])] += Decimal(stop["quantity"])
        expected = {Decimal(price): Decimal(row["quantity"]) for price in wanted}
        assert found == expected, ("I7: not protected as asked", row["position_id"], found, expected)
    assert not resting, ("I9: a stop without a position", dict(resting))


def _check_entries(rows: Sequence[Row], truth: Truth, journal_id: str) -> None:
    expected = {o["client_order_id"] for row in rows for o in row["orders"] if o["purpose"] in ("entry", "reduce")}
    prefix = f"ab{journal_id}"
    found = {o["client_order_id"] for o in truth.open_orders() if o["client_order_id"].startswith(prefix)}
    assert found == expected, ("an order on the book that nobody believes in, or the reverse", found, expected)


def ordinal(row: Row) -> int:
    parsed = parse_position_id(row["position_id"])
    assert parsed is not None
    return parsed[1]

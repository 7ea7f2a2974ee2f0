"""The binding of a journal to a venue account, and its change to another key of that account.

An identity is `place#fingerprint`: exchange and environment or host, and a fingerprint that does not reveal the key.
Another place is another account; another fingerprint may be another key of the same account.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from adapters.storage import schema
from adapters.storage.errors import JournalBoundElsewhere, JournalMissing
from adapters.storage.reader import JournalReader
from messages.events import OrderAcknowledged, OrderFilled, OrderIntended
from messages.ids import parse_position_id
from messages.requests import QueryOrder
from messages.types import AccountId, ClientOrderId, Symbol

STEPS_READ = 20_000
"""Number of latest steps searched for orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherKey:
    """An account whose key differs from the journal's. `orders`: acknowledged ones, newest first.

    `live`: whether the account has open positions, by the journal.
    """

    account: AccountId
    bound: str
    expected: str
    orders: tuple[QueryOrder, ...]
    live: bool


def other_keys(directory: Path, expected: Mapping[AccountId, str]) -> tuple[OtherKey, ...]:
    """Return accounts at their bound place under another key; () without a journal.

    Raises JournalError, and JournalBoundElsewhere for an account at another place.
    """
    try:
        reader = JournalReader(directory)
    except JournalMissing:
        return ()
    with reader:
        bound = dict(reader.meta().bindings)
        found = [name for name, identity in expected.items() if bound.get(name, identity) != identity]
        for name in found:
            if _place(bound[name]) != _place(expected[name]):
                raise JournalBoundElsewhere(reader.path, name, bound[name], expected[name])
        if not found:
            return ()
        orders, live = _orders(reader), _live(reader)
        return tuple(
            OtherKey(
                account=name,
                bound=bound[name],
                expected=expected[name],
                orders=tuple(order for order in orders if order.account == name),
                live=name in live,
            )
            for name in found
        )


def rebind(directory: Path, key: OtherKey) -> None:
    """Bind the journal to the new key. The caller holds the directory's lock."""
    schema.rebind(directory / schema.FILE_NAME, key.account, key.bound, key.expected)


def _place(identity: str) -> str:
    return identity.rpartition("#")[0]


def _orders(reader: JournalReader) -> list[QueryOrder]:
    """Return the recently acknowledged orders, newest first."""
    places: dict[int, tuple[AccountId, Symbol]] = {}
    for entry in reader.positions():
        parsed = parse_position_id(entry.position_id)
        if parsed is not None:
            places[entry.ordinal] = parsed[0].account, parsed[0].symbol
    conditional: dict[ClientOrderId, bool] = {}
    found: dict[ClientOrderId, QueryOrder] = {}
    for ordinal, event in reader.recent_events(STEPS_READ):
        if isinstance(event, OrderIntended):
            conditional[event.client_order_id] = event.kind.conditional
        elif isinstance(event, OrderAcknowledged | OrderFilled) and ordinal in places:
            name = event.client_order_id
            account, symbol = places[ordinal]
            found.pop(name, None)
            found[name] = QueryOrder(
                account=account, symbol=symbol, client_order_id=name, conditional=conditional.get(name, False)
            )
    return list(reversed(found.values()))


def _live(reader: JournalReader) -> frozenset[AccountId]:
    return frozenset(_accounts(reader))


def _accounts(reader: JournalReader) -> Iterator[AccountId]:
    for entry in reader.positions():
        parsed = parse_position_id(entry.position_id)
        if parsed is not None and not (entry.terminal and entry.intact):
            yield parsed[0].account

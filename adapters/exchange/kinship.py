"""Checks that a key opens the journal's account: that account knows the journal's orders.

Client order ids carry the journal's random id, so one known order identifies the account. An exchange forgets terminal
orders: unfilled ones within days, others within months.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.exchange import outcome as proof
from adapters.exchange.outcome import in_words
from adapters.exchange.session import Session
from messages.requests import QueryOrder

ASKED_MOST = 12
"""Orders queried, newest first; one known order suffices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`known`: a journalled order that the account knows, empty when it knows none of the `asked`.

    `unreadable`: why the query failed.
    """

    asked: int = 0
    known: str = ""
    unreadable: str = ""


async def compare(session: Session, orders: Sequence[QueryOrder]) -> Comparison:
    """Query the orders until one is known. Raises nothing for a venue's answer."""
    if not isinstance(time := await session.sync_clock(), proof.Answered):
        return Comparison(unreadable=in_words(time))
    asked = 0
    for order in orders[:ASKED_MOST]:
        verdict = await session.dialect.query(session, order)
        match verdict:
            case proof.Accepted():
                return Comparison(asked=asked + 1, known=order.client_order_id)
            case proof.Missing():
                asked += 1
            case _:
                return Comparison(asked=asked, unreadable=in_words(verdict))
    return Comparison(asked=asked)

"""Whether a key opens the account that a journal was written of: the account knows the journal's orders.

Client order ids carry the journal's random id, so an account that knows one of them is the one. An exchange
forgets orders that have ended: within days those that were never filled, within months the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.exchange import outcome as proof
from adapters.exchange.outcome import in_words
from adapters.exchange.session import Session
from messages.requests import QueryOrder

ASKED_MOST = 12
"""Orders asked for, newest first: one that is known is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`known`: an order of the journal that the account knows, empty where it knows none of the `asked`.

    `unreadable`: why it could not be asked.
    """

    asked: int = 0
    known: str = ""
    unreadable: str = ""


async def compare(session: Session, orders: Sequence[QueryOrder]) -> Comparison:
    """Ask for each until one is known. Raises nothing for what the venue answers."""
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

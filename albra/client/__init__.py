"""For strategies: the running supervisor as a typed Python object. The standard library alone.

    from albra.client import Client

    albra = Client("var", strategy="trend")
    position_id = albra.open("BTCUSDT", "long", "0.01", stop_loss="58000").position_id
    position = albra.wait_open(position_id)
    albra.close(position_id)

Numbers are passed as Decimal, int or text, never as float, and returned as Decimal. `errors` defines each error's
promise.
"""

from albra.client.client import DEFAULT_TIMEOUT_S, Client
from albra.client.errors import (
    AlbraError,
    Broken,
    Busy,
    Ended,
    Invalid,
    NoSupervisor,
    NotFound,
    OutcomeUnknown,
    Refused,
)
from albra.client.values import (
    Accepted,
    Amount,
    Code,
    Discrepancy,
    Fact,
    Order,
    OrderPurpose,
    Position,
    Reconciled,
    Side,
    State,
    Unproven,
)

__all__ = [
    "DEFAULT_TIMEOUT_S",
    "Accepted",
    "AlbraError",
    "Amount",
    "Broken",
    "Busy",
    "Client",
    "Code",
    "Discrepancy",
    "Ended",
    "Fact",
    "Invalid",
    "NoSupervisor",
    "NotFound",
    "Order",
    "OrderPurpose",
    "OutcomeUnknown",
    "Position",
    "Reconciled",
    "Refused",
    "Side",
    "State",
    "Unproven",
]

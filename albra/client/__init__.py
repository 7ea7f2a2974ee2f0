"""For strategies: the running supervisor as a typed Python object. The standard library alone.

from albra.client import Client

albra = Client("var", strategy="trend")
position_id = albra.open("BTCUSDT", "long", "0.01", stop_loss="58000").position_id
position = albra.wait_open(position_id)
albra.close(position_id)
"""

from albra.client.client import (
    Accepted,
    AlbraError,
    Broken,
    Busy,
    Client,
    Ended,
    Invalid,
    NoSupervisor,
    NotFound,
    OutcomeUnknown,
    Position,
    Refused,
)

__all__ = [
    "Accepted",
    "AlbraError",
    "Broken",
    "Busy",
    "Client",
    "Ended",
    "Invalid",
    "NoSupervisor",
    "NotFound",
    "OutcomeUnknown",
    "Position",
    "Refused",
]

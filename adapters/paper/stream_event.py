"""Stream events of the model; their bodies are the dialect's."""

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
"""A JSON object; values are strings, integers, booleans, null, and the like objects and lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvent:
    """One user-data event of `account`, to be sent `delay_ms` after now.

    With `disconnect` the event is empty and the sockets of the account are to be cut instead.
    """

    account: str
    event: Row
    delay_ms: int = 0
    disconnect: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketEvent:
    """One event of the public streams about a symbol."""

    symbol: str
    event: Row

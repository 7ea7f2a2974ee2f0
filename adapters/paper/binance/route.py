"""The definition of an endpoint: weight, security type, handler."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from adapters.paper.account import Account
from adapters.paper.exchange import Exchange

Params = Mapping[str, str]
Weight = int | Callable[[Params], int]


class Security(StrEnum):
    """General Info, "Endpoint security type"."""

    NONE = "NONE"
    KEY = "KEY"
    SIGNED = "SIGNED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """A market data endpoint; `handler` returns the JSON body."""

    handler: Callable[[Exchange, Params], object]
    weight: Weight = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """An endpoint of one account; `orders` is what a call adds to the account's order count."""

    handler: Callable[[Exchange, Account, Params], object]
    weight: Weight = 1
    security: Security = Security.SIGNED
    orders: int = 0


def without_symbol(alone: int, everything: int) -> Callable[[Params], int]:
    """Weight of an endpoint that costs more when the symbol is left out."""
    return lambda params: alone if params.get("symbol") else everything


def client_id_of(params: Params) -> str:
    """The client order id that a request names, new or old, plain or conditional; empty when none."""
    for name in ("newClientOrderId", "origClientOrderId", "clientAlgoId"):
        if params.get(name):
            return params[name]
    return ""

"""Names of perpetuals: `BTCUSDT` is ours and the venue's, `BTC/USDT:USDT` ccxt's. Pure."""

from messages.types import Symbol

_QUOTES = ("USDT", "USDC", "BUSD", "USD")


def to_ccxt(symbol: Symbol) -> str:
    """`BTCUSDT` -> `BTC/USDT:USDT`. Raises ValueError for a name that ends in no known quote currency."""
    for quote in _QUOTES:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return f"{symbol.removesuffix(quote)}/{quote}:{quote}"
    raise ValueError(f"{symbol!r} ends in none of {', '.join(_QUOTES)}")


def from_ccxt(name: str) -> Symbol:
    """`BTC/USDT:USDT` or `btcusdt` -> `BTCUSDT`."""
    pair, _, _settle = name.upper().partition(":")
    return Symbol(pair.replace("/", ""))

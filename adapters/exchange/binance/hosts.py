"""The hosts of Binance USDⓈ-M, for code that must not load ccxt; a test compares them with ccxt's tables."""

from adapters.exchange.addresses import Hosts

HOSTS = Hosts(
    tables={"live": "api", "demo": "demo", "testnet": "test"},
    homes={
        "fapi.binance.com": "live",
        "demo-fapi.binance.com": "demo",
        "testnet.binancefuture.com": "testnet",
    },
)

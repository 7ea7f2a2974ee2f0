"""Where Binance USDⓈ-M is, for what must not load ccxt; a test holds the hosts against ccxt's tables."""

from adapters.exchange.addresses import Hosts

HOSTS = Hosts(
    tables={"live": "api", "demo": "demo", "testnet": "test"},
    homes={
        "fapi.binance.com": "live",
        "demo-fapi.binance.com": "demo",
        "testnet.binancefuture.com": "testnet",
    },
)

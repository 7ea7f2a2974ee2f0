"""A model of Binance USDⓈ-M futures to trade on without money, and the server that speaks for it."""

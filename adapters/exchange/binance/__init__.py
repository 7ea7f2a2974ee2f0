"""Binance USDⓈ-M: what `adapters.exchange.venue` asks of an exchange, and everything that only this one knows."""

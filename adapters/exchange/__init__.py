"""One account at one exchange, spoken to through unmodified ccxt.pro."""

"""Delivers notices: a durable outbox, the rate for each recipient, the texts, the daily report.

Pure parts: `outbox`, `throttle`, `texts`, `report`. The shell is `actor`.
"""

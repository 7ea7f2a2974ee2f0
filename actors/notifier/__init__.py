"""What the owner is told: a durable outbox, its pace, its words, the daily report.

Pure parts: `outbox`, `throttle`, `texts`, `phrases`, `report`. The shell is `actor`.
"""

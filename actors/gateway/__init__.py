"""The gateway actor: sends an account's requests to its venue, within the venue's limits, each order once.

- `actor`: the shell around `core`, which decides. `actions`: what it decides. `context`: the state of one actor
  instance. `memory`: the state that outlives it.
- `orders`: submits. `pending_cancels`: cancels. `retry`: the pauses after requests that were not executed.
- `outcome_resolution`: the outcome of one unknown order (pure). `resolutions`: all unknown orders of an account.
- `request_queue`: the order of sending, by `lane`. `budget`: the venue's limits. `shared_budget`: limits by IP address.
- `circuit_breaker`: one circuit (pure). `circuits`: the circuits of an account.
- `venue_health`, `timestamp_rejections`: the owner's notices about the venue.
- `resync`: full reads after a gap in the stream.
"""

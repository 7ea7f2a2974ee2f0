"""One account's way to its venue: what leaves, when, how often, and what an unclear answer meant.

- `actor` performs what `core` decides; `actions`: what that may be; `context`: what one life works on; `memory`: what
  outlives it.
- `orders`: submits, each sent once; `pending_cancels`; `retry`: when a request that was not executed is sent again.
- `outcome_resolution`: what became of one order (pure); `resolutions`: all of an account.
- `request_queue`: what leaves next, by `lane`; `budget`: the venue's limits; `shared_budget`: those of an address.
- `circuit_breaker`: one circuit (pure); `circuits`: those of an account.
- `venue_health`, `timestamp_rejections`: what the owner hears of the venue.
- `resync`: reading everything after a gap.
"""

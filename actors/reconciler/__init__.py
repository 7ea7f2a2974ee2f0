"""Belief and venue agree, provably.

- `core` puts the steps in order; `actor` journals what it decides and lets it out; `step_builder`: one step.
- `account_state`: what is known of one account; `reading`: what is read of the venue, and when;
  `schedule`: when to look.
- `open_order_polling`, `read_failures`: lists of orders, and positions, that cannot be read.
- `comparison_input`, `compare`, `orders`: what differs; `observations`: whether that was seen often enough.
- `trade_matching`: which trades tell why; `attribution`: whose it is; `policy`, `resolve`: what is done about it.
- `discrepancies`: each from its detection to its end; `ledger`: what the journal holds of them.
- `on_demand_checks`: what people ask; `retiring`: when a damaged position may be ended; `spans`: a set of numbers.
"""

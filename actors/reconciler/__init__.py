"""The reconciler: compares believed with reported positions and repairs the differences.

- `core`: the sequence of a comparison. `actor`: journals its decisions. `step_builder`: one step under construction.
- `account_state`: the state of one account. `reading`: requests to the venue. `schedule`: their times.
- `open_order_polling`, `read_failures`: lists of orders, and positions, that cannot be read.
- `comparison_input`, `compare`, `orders`: the differences. `observations`: how often each was seen.
- `trade_matching`: trades that explain a difference. `attribution`: its split between strategies. `policy`, `resolve`:
  the repair.
- `discrepancies`: each from detection to end. `ledger`: their record in the journal.
- `on_demand_checks`: checks that users request. `retiring`: the proof that a damaged position is gone. `spans`: a set
  of ordinals.
"""

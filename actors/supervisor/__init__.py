"""The supervisor: checks openings, routes every message to its position, watches the positions and answers commands.

Handlers, which share one `context` and one `memory`:
- `intake`: receives outside commands and releases their answers.
- `command_handlers`: commands to positions. `query_handlers`: queries. `report_handlers`: reports of the venue.
- `openings`: holds on openings. `history`: the supervisor's own events. `failures`: failed actors.
- `fundings`: shares of funding payments. `retirements`: positions with a damaged history.

Pure:
- `pre_trade_risk`, `modify_checks`, `known_names`: checks of an opening, a modification, a name.
- `registry`: accounts and positions as last reported. `holdings`: sums per account. `command_register`: command ids.
- `forced_trades`, `funding_payments`: splits of the venue's own trades and payments. `adoption`, `unsupervised`:
  positions at the venue that no strategy opened.
- `shown`: the command of an id whose record is lost. `status`, `since`, `verdict`: the status report.

`resting_entries` cancels limit entries at an orderly stop.
"""

"""The supervisor: admits openings, finds the position of every message, watches, adopts, answers.

Handlers, around one `context` and one `memory`:
- `intake`: the way in for commands from outside, and the way out for their answers.
- `command_handlers`: commands about positions; `query_handlers`: questions; `report_handlers`: the venue's reports.
- `openings`: what holds openings; `history`: the supervisor's own events; `failures`: actors that failed.
- `fundings`: fundings shared out; `retirements`: positions whose history is damaged.

Pure:
- `pre_trade_risk`, `modify_checks`, `known_names`: may this opening, this change, this name pass?
- `registry`: accounts and positions as known now; `holdings`: what an account holds; `command_register`: what each id
  stands for.
- `forced_trades`, `funding_payments`: whose part of what the venue did; `adoption`, `unsupervised`: what is not ours.
- `status`, `shown`, `since`, `verdict`: what people see.

`resting_entries` cancels limit entries at an orderly stop.
"""

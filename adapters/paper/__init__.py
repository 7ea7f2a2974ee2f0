"""A model of a perpetual-futures venue, for trading without money, and the server that exposes it.

| module | does |
|---|---|
| venue, exchange | the model: time, prices, and the elementary acts on orders and money |
| instruments, prices, account, orders | contracts, prices, accounts, order records |
| matching, conditional, settlement, limits | orders, triggers, funding and forced closes, request limits |
| refusals | why the model refuses |
| faults | fault plans, as data |
| dialect, registry | what an exchange's wire format provides; which one is embedded |
| live, input_log, snapshot | real time, and the account on disk |
| server, admin, embedded, responses, answer, stream_event, sockets | one port, and the values passed to it |
"""

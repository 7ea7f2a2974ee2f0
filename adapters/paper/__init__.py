"""A model of a perpetual-futures venue to trade on without money, and the server that speaks for it.

| module | does |
|---|---|
| venue, exchange | the model: time, prices, and the acts that orders and money are made of |
| instruments, prices, account, orders | what is traded, at which price, by whom |
| matching, conditional, settlement, limits | orders, triggers, funding and forced closes, request limits |
| refusals | why the model refuses |
| faults | what goes wrong, as data |
| dialect, registry | what an exchange's wire provides; which one is embedded |
| live, input_log, snapshot | real time, and the account on disk |
| server, admin, embedded, responses, answer, stream_event, sockets | one port, and what is handed to it |
"""

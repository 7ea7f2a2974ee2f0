"""Binance USDⓈ-M: the roles of `adapters.exchange.venue`, and all knowledge of this exchange.

| module | does |
|---|---|
| dialect | puts the roles together, and declares the exchange's capabilities |
| hosts, transport, sockets | its servers, its requests through ccxt, its streams |
| calls, order_answers | map requests to its own, and parse what their answers report |
| codes, weights | what each code proves; what each request costs |
| reader, normalize, instruments, money | read the account, and map rows to reports |
| events | maps its stream to reports; links child orders to their conditional ones |
| flattening, checkup | serve `albra flatten --break-glass` and `albra doctor` |
"""

"""Binance USDⓈ-M: what `adapters.exchange.venue` asks of an exchange, and everything that only this one knows.

| module | does |
|---|---|
| dialect | puts the roles together, and declares what the exchange takes |
| hosts, transport, sockets | where it is, how requests leave, how its streams are opened |
| calls, order_answers | requests as its own, and what their answers tell |
| codes, weights | what each code proves; what requests cost |
| reader, normalize, instruments, money | reads, and its rows as reports |
| events | its stream as reports; links from child orders to their conditional ones |
| flattening, checkup | what breaking the glass and the doctor ask |
"""

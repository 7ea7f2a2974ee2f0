"""The wire format of Binance USDⓈ-M for the model in `adapters.paper`.

| module | does |
|---|---|
| venue | the model with this dialect |
| api, route, market_routes, account_routes, trade_routes, tickets | requests: limits, time, routes, parameters |
| errors, answers | codes and texts; every raw answer that a client has to handle |
| wire, events | rows and events |
| front, rest, signature, streams | the server |
| fault_responses, absurd | the responses that a fault produces |
"""

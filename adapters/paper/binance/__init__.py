"""What Binance USDⓈ-M says on the wire of the model in `adapters.paper`.

| module | does |
|---|---|
| venue | the model with this dialect |
| api, route, market_routes, account_routes, trade_routes, tickets | requests: limits, time, routes, parameters |
| errors, answers | codes and texts; every raw answer that a client has to know |
| wire, events | rows and events |
| front, rest, signature, streams | the servers' side |
| fault_responses, absurd | what a fault makes of an honest answer |
"""

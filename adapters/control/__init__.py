"""The control API of the running supervisor, on loopback.

`server` runs it (aiohttp) and `announcement` publishes its address; `wire` reads requests, by the kinds of
`messages.fields`, and writes answers, by the rows of `columns`. Callers use `albra.loopback` and `albra.client`.
"""

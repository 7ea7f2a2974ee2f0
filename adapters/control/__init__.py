"""The control API of the running supervisor, on loopback.

`server` runs it (aiohttp) and `address` announces it; `fields` and `wire` read and write JSON. Callers use
`albra.loopback` and `albra.client`.
"""

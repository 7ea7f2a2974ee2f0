"""The control API of the running supervisor, on loopback.

`server` runs it (aiohttp), `announcement` publishes its address; `columns` and `wire` read and write JSON. Callers use
`albra.loopback` and `albra.client`.
"""

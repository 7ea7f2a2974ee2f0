"""The control API: how the command line and strategies speak with the running supervisor, on loopback.

`server` runs it (aiohttp); `address`, `fields` and `wire` are standard library only, for both sides.
"""

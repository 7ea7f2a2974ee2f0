"""One account at one exchange, through unmodified ccxt.pro.

| module | does |
|---|---|
| venue | declares what an exchange provides, by role; each exchange is a folder |
| registry | finds the folder of an exchange |
| client | implements the port `Venue`: one event loop and one thread per account |
| request_executor, replies | execute a request and build the reports that answer it |
| session | uses ccxt as a transport: sends a call, keeps the raw answer, holds sockets |
| outcome, codes | decide what an answer proves |
| queries, symbol_settings | the shared base of every exchange's reader |
| stream, hearing | the account's events without loss, and the detection of a mute stream |
| rules, modes, margin | detect unannounced changes: filters, account modes, margin modes |
| offset | estimates the clock offset to the venue |
| neighbors, crowding, rate_limits | the budget shared by accounts behind one address |
| flatten, kinship | close without a journal; check that a key opens the journal's account |
| access, settings, addresses | from the configuration to servers and keys |
| rows, redaction, redirects, errors | parse fields, mask secrets, refuse redirects |
"""

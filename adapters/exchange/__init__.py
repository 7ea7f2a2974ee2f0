"""One account at one exchange, spoken to through unmodified ccxt.pro.

| module | does |
|---|---|
| venue | declares what an exchange provides, by role; each exchange is a folder |
| registry | finds the folder of an exchange |
| client | the port `Venue`: connects, stays connected, one loop and one thread an account |
| request_executor, replies | a request in, the reports that answer it out |
| session | ccxt as a transport: sends a call, keeps the raw answer, holds sockets |
| outcome, codes | what an answer proves |
| queries, symbol_settings | what every exchange's reader is made of |
| stream, hearing | the account's events without loss, and whether they come at all |
| rules, modes, margin | what an exchange changes without a word: filters, account modes, margin modes |
| offset | how far the clocks are apart |
| neighbors, crowding, rate_limits | what accounts behind one address share |
| flatten, kinship | closing without a journal; whether a key opens the journal's account |
| access, settings, addresses | from the configuration to servers and keys |
| rows, redaction, redirects, errors | reading fields, hiding secrets, refusing redirects |
"""

"""Belief and venue agree, provably.

`compare` says what differs, `evidence` whether that was seen often enough, `explain` which trades tell why,
`attribution` whose it is, `resolve` what is done about it, `ledger` what became of it, `schedule` when to look;
`listing` and `read_failures` say so where orders or positions cannot be read.
`core` puts them in order; `actor` journals what it decides and lets it out.
"""

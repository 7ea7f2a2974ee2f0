"""The supervisor: admits openings, finds the position of every message, watches, adopts, answers.

Pure parts: `book` (what is known of accounts and positions), `admission` (may this opening happen),
`adoption` (what exists at the venue and is not ours yet), `status` (rows for people).
"""

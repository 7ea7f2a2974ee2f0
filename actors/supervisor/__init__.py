"""The supervisor: admits openings, finds the position of every message, watches, adopts, answers.

Rooms of the actor: `orders` (commands), `openings` (what holds them), `history` (what it has decided itself, durable),
`venue` (reports), `answers` (questions), around one `context` and one `memory`. Pure parts: `book` (what is known of
accounts and positions), `admission` (may this opening happen), `adoption` (what exists at the venue and is not ours
yet), `status` (rows for people).
"""

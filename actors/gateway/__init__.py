"""One account's way to its venue: what leaves, when, how often, and what an unclear answer meant."""

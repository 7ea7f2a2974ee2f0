"""The journal on disk: what is durable, who holds it, and what is read back after a crash."""

JOURNAL_FILE = "journal.sqlite3"
"""Below `storage.path`; here, so that whether there is one can be asked without importing what reads it."""

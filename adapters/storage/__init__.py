"""The journal on disk: durable steps, the directory's lock, and recovery."""

JOURNAL_FILE = "journal.sqlite3"
"""Below `storage.path`; here, so that a look for it imports no reader."""

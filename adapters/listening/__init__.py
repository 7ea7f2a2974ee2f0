"""Listening sockets that outsiders cannot exhaust: who is let in, how much is read, how long it may take."""

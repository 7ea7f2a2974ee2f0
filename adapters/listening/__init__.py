"""Listening sockets that outsiders cannot exhaust: limits on connections, sizes and times."""

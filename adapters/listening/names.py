"""Which server a request means. Pure.

A page in a browser can point a name of its own at loopback, and then talks to what listens here; its requests bear that
name.
"""

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


def name_of(host: str) -> str:
    """A Host header without its port: `[::1]:8787` and `localhost:8787` name ::1 and localhost."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return (host.partition(":")[0] if host.count(":") == 1 else host).lower()

"""The host name of a request. Pure.

A web page can resolve its own domain to loopback and so reach local servers; its requests carry that domain.
"""

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


def name_of(host: str) -> str:
    """A Host header without its port: `[::1]:8787` and `localhost:8787` name ::1 and localhost."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return (host.partition(":")[0] if host.count(":") == 1 else host).lower()

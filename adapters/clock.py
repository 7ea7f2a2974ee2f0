"""The machine's clock: satisfies `actors.ports.Clock`."""

import time


class SystemClock:
    """Wall time may jump with the machine's; durations are measured on the monotonic clock."""

    def time_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

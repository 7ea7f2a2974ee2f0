"""The machine's clock: implements `actors.ports.Clock`."""

import time


class SystemClock:
    """Wall and monotonic time in ns; wall time may jump, so durations are measured on the monotonic clock."""

    def time_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

"""The restart policy: a pure function of an actor's recent failures.

Exponential backoff between instances; quarantine after more than `max_restarts` failures within `window_ns`; parking of
a message that failed too often. Source of intensity and window: OTP's supervisor (`intensity`, `period`).
"""

from dataclasses import dataclass

from messages.backoff import backoff

_MS = 1_000_000
_S = 1_000 * _MS


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPolicy:
    """Times in nanoseconds. A message is redelivered `redeliveries` times, so it fails once more than that.

    Raises ValueError for contradicting numbers: with more redeliveries than restarts one bad message would quarantine
    its actor before it is parked.
    """

    backoff_initial_ns: int = 100 * _MS
    backoff_max_ns: int = 30 * _S
    max_restarts: int = 5
    window_ns: int = 60 * _S
    redeliveries: int = 2

    def __post_init__(self) -> None:
        if not 0 <= self.backoff_initial_ns <= self.backoff_max_ns:
            raise ValueError(f"the backoff must not shrink: {self}")
        if not 0 <= self.redeliveries <= self.max_restarts:
            raise ValueError(f"redeliveries must be between 0 and max_restarts: {self}")


@dataclass(frozen=True, slots=True)
class Restart:
    """Start the next instance after `delay_ns`."""

    delay_ns: int


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Start no instance until the owner releases the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`failures_ns`: the failures within the window (monotonic), the latest included, for the next decision."""

    action: Restart | Quarantine
    failures_ns: tuple[int, ...]

    @property
    def attempt(self) -> int:
        """The number of failures within the window."""
        return len(self.failures_ns)


def judge(policy: RestartPolicy, failures_ns: tuple[int, ...], now_ns: int) -> Verdict:
    """Decide after a failure at `now_ns` (monotonic) that follows the earlier `failures_ns`."""
    recent = (*(at_ns for at_ns in failures_ns if now_ns - at_ns < policy.window_ns), now_ns)
    if len(recent) > policy.max_restarts:
        return Verdict(action=Quarantine(), failures_ns=recent)
    delay_ns = backoff(policy.backoff_initial_ns, policy.backoff_max_ns, len(recent) - 1)
    return Verdict(action=Restart(delay_ns), failures_ns=recent)


def is_poison(policy: RestartPolicy, attempts: int) -> bool:
    """Return whether a message that failed `attempts` times is parked."""
    return attempts > policy.redeliveries

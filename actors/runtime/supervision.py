"""What to do about an actor that failed: a pure policy over its recent failures.

Exponential backoff between lives, a maximum intensity (more than `max_restarts` failures within
`window_ns`) that ends in quarantine, and a bound on how often one message may fail before it is parked.
The source of intensity and window is OTP's supervisor (`intensity`, `period`).
"""

from dataclasses import dataclass

from messages.backoff import backoff

_MS = 1_000_000
_S = 1_000 * _MS


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPolicy:
    """Times in nanoseconds. A message is redelivered `redeliveries` times, so it fails once more than that.

    Raises ValueError where the numbers contradict each other: with as many redeliveries as restarts a
    single bad message would quarantine its actor before it could be parked.
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
    """Start anew after `delay_ns`."""

    delay_ns: int


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Do not start again until a human releases the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`failures_ns` are the failures within the window, the latest included, for the next decision."""

    action: Restart | Quarantine
    failures_ns: tuple[int, ...]

    @property
    def attempt(self) -> int:
        return len(self.failures_ns)


def judge(policy: RestartPolicy, failures_ns: tuple[int, ...], now_ns: int) -> Verdict:
    """Decide after a failure at `now_ns` (monotonic) that follows the earlier `failures_ns`."""
    recent = (*(at_ns for at_ns in failures_ns if now_ns - at_ns < policy.window_ns), now_ns)
    if len(recent) > policy.max_restarts:
        return Verdict(action=Quarantine(), failures_ns=recent)
    delay_ns = backoff(policy.backoff_initial_ns, policy.backoff_max_ns, len(recent) - 1)
    return Verdict(action=Restart(delay_ns), failures_ns=recent)


def is_poison(policy: RestartPolicy, attempts: int) -> bool:
    """Whether a message that failed `attempts` times has to be parked."""
    return attempts > policy.redeliveries

"""How many accounts one address supports: the weight of their sweeps against the weight for reads. Pure.

Exchanges count weight by address. Accounts beyond the supported number take turns, so each is read in full less often.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from adapters.config import AccountConfig, Config
from adapters.exchange.access import settings_with
from adapters.exchange.venue import Weights
from adapters.secret import Secret
from messages.requests import FetchOpenOrders, FetchPositions
from messages.statement import Statement
from messages.wording import Storage

EMBEDDED = "the embedded paper venue"
LISTS_LEAST_MS = 20_000
"""The shortest interval of open-order reads, whatever the position interval (see the gateway)."""
PROBES_PER_MINUTE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """The accounts behind one address, the number it supports at the configured intervals, and the resulting read
    interval.
    """

    address: str
    accounts: int
    bears: int
    full_every_s: int

    @property
    def too_many(self) -> bool:
        return self.accounts > self.bears

    @property
    def found(self) -> Statement:
        """Return a statement of the number of accounts and the number the address supports."""
        if self.accounts == 1:
            said = Storage.BEHIND_ADDRESS_ONE(address=self.address, bears=self.bears)
        else:
            said = Storage.BEHIND_ADDRESS(n=self.accounts, address=self.address, bears=self.bears)
        return Storage.READ_EVERY(found=said, seconds=self.full_every_s) if self.too_many else said

    @property
    def advice(self) -> Statement:
        return Storage.CROWDED_ADVICE(seconds=self.full_every_s)


def crowds(config: Config) -> tuple[Crowd, ...]:
    """Return one crowd per address, in the order of the configuration."""
    behind: dict[str, list[AccountConfig]] = {}
    weights: dict[str, Weights] = {}
    for account in config.accounts:
        settings = settings_with(account, Secret(""), Secret(""))
        address = EMBEDDED if account.embedded else settings.address
        behind.setdefault(address, []).append(account)
        weights[address] = settings.dialect.weights
    return tuple(_crowd(config, address, accounts, weights[address]) for address, accounts in behind.items())


def _crowd(config: Config, address: str, accounts: Iterable[AccountConfig], weights: Weights) -> Crowd:
    members = tuple(accounts)
    cost = {each.request: each.weight for each in weights.COSTS}
    positions, orders = cost[FetchPositions.__name__] + weights.SETTINGS, cost[FetchOpenOrders.__name__]
    intervals = config.phase2.reconciliation.check_intervals
    fast, normal = 60_000 / intervals.fast_ms, 60_000 / intervals.normal_ms
    lists = 60_000 / max(intervals.fast_ms, LISTS_LEAST_MS)
    each = positions * fast + orders * lists + (positions + orders) * normal + PROBES_PER_MINUTE
    limit = weights.USUAL_WEIGHT_PER_MINUTE
    room = min(readable(account.budget_share, account.budget_reserve, limit) for account in members)
    full_every_s = max(round(60 * each * len(members) / room), intervals.fast_ms // 1000)
    return Crowd(address=address, accounts=len(members), bears=int(room // each), full_every_s=full_every_s)


def readable(share: int, reserve: int, limit: int) -> int:
    """Return the weight per minute for reads: two thirds of the openings' share."""
    return limit * share // 100 * (100 - reserve) // 100 * 2 // 3

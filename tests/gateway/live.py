"""A real gateway on a real exchange adapter on a real paper server: several accounts, and what the venue saw."""

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar, cast

from actors.edge import EdgeActor
from actors.gateway.actor import GatewayActor
from actors.gateway.memory import GatewayMemory
from actors.gateway.shared_budget import SharedBudget
from actors.runtime import ActorSystem, Placement, ThreadDispatcher
from adapters.clock import SystemClock
from adapters.exchange.client import CcxtVenue
from adapters.exchange.neighbors import Neighbors
from adapters.exchange.settings import ExchangeSettings
from adapters.paper.account import AccountSetup
from adapters.paper.answer import Answer
from adapters.paper.binance.route import Params
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.limits import USUAL_LIMITS, RateLimits
from adapters.paper.server import EmbeddedServer, PaperServer, serve_in_thread, wall_clock_ms
from adapters.secret import Secret
from messages.addresses import gateway_address
from messages.base import Message
from messages.priority import PRIORITY
from messages.reports import StreamUp, Sweep
from messages.types import AccountId

PATIENCE_S = 40.0
M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as the venue answered it; `at_s` on the monotonic clock."""

    account: str
    method: str
    path: str
    client_id: str
    status: int
    at_s: float


@dataclass
class Live:
    """One account's gateway at work, and everything it told."""

    account: AccountId
    system: ActorSystem
    arrivals: "queue.SimpleQueue[Message]" = field(default_factory=queue.SimpleQueue)
    heard: list[Message] = field(default_factory=list)

    def tell(self, *messages: Message) -> None:
        for message in messages:
            self.system.tell(gateway_address(self.account), message)

    def wait_for(self, kind: type[M], fits: Callable[[M], bool] = lambda _: True) -> M:
        """The next message of that kind that fits, heard already or within PATIENCE_S; it is used up."""
        deadline_s = time.monotonic() + PATIENCE_S
        index = 0
        while True:
            while index < len(self.heard):
                message = self.heard[index]
                if isinstance(message, kind) and fits(message):
                    del self.heard[index]
                    return message
                index += 1
            try:
                self.heard.append(self.arrivals.get(timeout=max(0.001, deadline_s - time.monotonic())))
            except queue.Empty:
                kinds = sorted({type(m).__name__ for m in self.heard})
                raise AssertionError(f"no {kind.__name__} among {kinds}") from None


@contextmanager
def paper_for(*names: str, limits: RateLimits = USUAL_LIMITS) -> Iterator[tuple[EmbeddedServer, list[Seen]]]:
    """A venue with an account of each name (its key is `key-NAME`), and what it has been asked so far."""
    accounts = tuple(AccountSetup(name=name, api_key=f"key-{name}", api_secret=f"secret-{name}") for name in names)
    seen: list[Seen] = []

    def make() -> PaperServer:
        venue = PaperVenue(seed=1, now_ms=wall_clock_ms(), accounts=accounts, limits=limits)
        answer_of = venue.request

        def request(method: str, path: str, params: Params, *, api_key: str | None, now_ms: int) -> Answer:
            answer = answer_of(method, path, params, api_key=api_key, now_ms=now_ms)
            name = params.get("newClientOrderId") or params.get("clientAlgoId") or params.get("origClientOrderId", "")
            account = (api_key or "").removeprefix("key-")
            seen.append(Seen(account, method, path, name, answer.status, time.monotonic()))
            return answer

        venue.request = request  # type: ignore[method-assign]
        return PaperServer(venue, tick_ms=0)

    with serve_in_thread(make) as server:
        yield server, seen
        for _ in range(8):
            server.call(lambda _: None)


class LeapingClock(SystemClock):
    """An address's, which a test sets ahead: what was used is forgotten sooner."""

    ahead_ns = 0

    def monotonic_ns(self) -> int:
        return super().monotonic_ns() + self.ahead_ns


@contextmanager
def gateways(
    server: EmbeddedServer,
    *names: str,
    sweep_ns: int = 60_000_000_000,
    address: SharedBudget | None = None,
    connected: bool = True,
) -> Iterator[tuple[Live, ...]]:
    """A gateway of each account, all behind one address; `connected`: up and with its first sweep told."""
    clock = SystemClock()
    neighbors = Neighbors((lambda: address) if address is not None else partial(SharedBudget, clock))
    system = ActorSystem(ThreadDispatcher(clock, worker_count=1), PRIORITY, clock)
    lives = {name: Live(AccountId(name), system) for name in names}

    def hear(message: Message) -> None:
        account = getattr(message, "account", None)
        if account in lives:
            lives[account].arrivals.put(message)

    with ExitStack() as stack:
        stack.callback(system.shutdown, 2_000)
        for edge in ("supervisor", "notifier"):
            system.spawn(edge, lambda context: EdgeActor(context, hear), placement=Placement.THREAD)
        for name in names:
            settings = _settings(server, name)
            venue = CcxtVenue(AccountId(name), settings, clock, jitter=lambda: 0.5, neighbors=neighbors)
            memory = GatewayMemory.fresh(clock, address=cast("SharedBudget", venue.allowance))
            birth = partial(GatewayActor, account=AccountId(name), venue=venue, memory=memory, sweep_ns=sweep_ns)
            system.spawn(gateway_address(AccountId(name)), birth, placement=Placement.THREAD)
            stack.callback(venue.stop, 200)
            venue.start(partial(system.tell, gateway_address(AccountId(name))))
        for live in lives.values() if connected else ():
            live.wait_for(StreamUp)
            live.wait_for(Sweep)
        yield tuple(lives.values())


def _settings(server: EmbeddedServer, name: str) -> ExchangeSettings:
    return ExchangeSettings(
        exchange="binanceusdm",
        api_key=Secret(f"key-{name}"),
        api_secret=Secret(f"secret-{name}"),
        base_url=server.http_url,
        timeout_ms=5_000,
        probe_interval_ms=60_000,
        backoff_min_ms=20,
        backoff_max_ms=100,
    )

"""One account at one exchange through unmodified ccxt.pro: the port `actors.ports.Venue`, as I/O.

Everything runs on an asyncio loop of its own thread. `start`, `request` and `stop` never wait for the network (`stop`
waits until its deadline); reports go to `deliver`, called on the loop's thread.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from adapters.exchange import registry
from adapters.exchange.errors import AdapterError
from adapters.exchange.margin import MarginModes
from adapters.exchange.modes import ModesWatch
from adapters.exchange.neighbors import Allowance, Neighbors
from adapters.exchange.outcome import Answered, Ask, NotExecuted, Rejected, Unknown, Verdict, in_words
from adapters.exchange.queries import ReadError
from adapters.exchange.rate_limits import weight_per_minute
from adapters.exchange.redaction import scrub
from adapters.exchange.request_executor import RequestExecutor
from adapters.exchange.rows import MalformedError
from adapters.exchange.rules import Rules, RulesWatch
from adapters.exchange.session import Session
from adapters.exchange.settings import Backoff, Clock, ExchangeSettings, Wiring
from adapters.exchange.stream import AccountStream, MarkStream
from messages.base import Message
from messages.reports import BudgetUsed, MarkReport, RulesReport, TurnAwaited, VenueDown, VenueUp
from messages.requests import SubmitOrder
from messages.statement import NOTHING, Statement
from messages.types import AccountId, ModeFault, OtherContract, PositionMode, RateUse, RejectReason, Symbol
from messages.wording import Venue

PROBE_ATTEMPTS = 2
"""Consecutive unanswered probes after which the venue is down; one may be a lost packet."""
STOP_MARGIN_S = 2.0
USE_TOLD_AFTER_S = 0.1


class UnreachableError(AdapterError):
    """The venue is unusable now; `cause` is the reason."""

    def __init__(self, cause: Statement, retry_after_ms: int = 0, *, fault: ModeFault | None = None) -> None:
        super().__init__(cause)
        self.retry_after_ms = retry_after_ms
        self.fault = fault


class CcxtVenue:
    """Satisfies `actors.ports.Venue`. One instance for one start and one stop."""

    def __init__(
        self,
        account: AccountId,
        settings: ExchangeSettings,
        clock: Clock,
        *,
        jitter: Callable[[], float] = random.random,
        neighbors: Neighbors | None = None,
    ) -> None:
        """`jitter`: numbers in [0, 1) that spread reconnects. Nothing is imported or opened before `start`.

        `neighbors`: the other accounts behind this address, which share its bans.
        """
        self._account = account
        self._settings = settings
        self._clock = clock
        self._jitter = jitter
        self._neighbors = neighbors or Neighbors()
        self._thread: threading.Thread | None = None
        self._engine: _Engine | None = None
        self._outward: Callable[[Message], None] = lambda _message: None
        self._lock = threading.Lock()
        self._early: list[Message] = []
        self._stopped = False

    @property
    def allowance(self) -> Allowance:
        """Return the allowance shared by all accounts behind this account's address."""
        return self._neighbors.allowance(self._settings.address)

    @property
    def uses(self) -> tuple[RateUse, ...]:
        """Return the venue's last reported usage of its limits."""
        return () if self._engine is None else self._engine.session.uses

    def start(self, deliver: Callable[[Message], None]) -> None:
        """Connect and keep trying; never raises because the venue is unreachable.

        Raises ValueError for an exchange that is not supported.
        """
        registry.dialect(self._settings.exchange)  # raises where there is none
        self._outward = deliver
        name = f"exchange-{self._account}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def request(self, message: Message) -> None:
        """Carry out one request; its answer is delivered later, on the adapter's thread. Never blocks.

        After a stop the answer, that nothing was sent, is delivered on the caller's thread.
        """
        with self._lock:
            engine = self._engine
            if not self._stopped and engine is None:
                self._early.append(message)
                return
            if not self._stopped and engine is not None:
                engine.loop.call_soon_threadsafe(engine.take, message)
                return
        if engine is not None:
            engine.executor.decline(message, Venue.CONNECTION_STOPPED())

    def stop(self, deadline_ms: int) -> None:
        """Let what was sent be answered until the deadline, then close. May block. A second call does nothing."""
        with self._lock:
            already, self._stopped = self._stopped, True
            engine = self._engine
            if engine is not None and not already:
                engine.loop.call_soon_threadsafe(engine.finish, deadline_ms)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(deadline_ms / 1000 + STOP_MARGIN_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception as error:  # noqa: BLE001  no one else sees this thread end
            cause = Venue.THREAD_ENDED(error=scrub(repr(error), self._settings.secrets))
            self._deliver(VenueDown(account=self._account, ts_init=self._clock.time_ns(), cause=cause))

    async def _main(self) -> None:
        wiring = Wiring(account=self._account, settings=self._settings, clock=self._clock, deliver=self._deliver)
        engine = _Engine(wiring, self._jitter)
        with self._lock:
            self._engine = engine
            early, self._early = self._early, []
            stopped = self._stopped
        for message in early:
            engine.take(message)
        if stopped:
            engine.finish(0)
        engine.session.allowance, engine.session.who = self.allowance, self._account
        engine.session.on_ban = partial(self._neighbors.tell, self)
        self._neighbors.join(self, self._settings.address, partial(self._hush, engine))
        try:
            await engine.run()
        finally:
            self._neighbors.leave(self)

    def _hush(self, engine: "_Engine", for_ms: int, cause: Statement) -> None:
        """On a neighbor's thread; a loop that has just ended has nothing to keep quiet."""
        with suppress(RuntimeError):
            engine.loop.call_soon_threadsafe(engine.hush, for_ms, cause)

    def _deliver(self, message: Message) -> None:
        # A failed listener must not keep the others from their call.
        with suppress(Exception):
            self._outward(message)


class _Engine:
    """The state and tasks of one connection, owned by the loop."""

    def __init__(self, wiring: Wiring, jitter: Callable[[], float]) -> None:
        self._wiring = wiring
        self.loop = asyncio.get_running_loop()
        self.session = Session(wiring.settings, wiring.clock)
        self._weights = self.session.dialect.weights
        account = self.session.dialect.connect(wiring, self.session)
        self._calls, self._reader = account.requests, account.reader
        self._reader.suspect = self._suspect
        self._margins = MarginModes(wiring.settings, self.session, account)
        self._setting_margins: asyncio.Task[None] | None = None
        self.executor = RequestExecutor(wiring, self.session, account, self._margins)
        self._backoff = Backoff(wiring.settings, jitter)
        max_age_s = wiring.settings.rules_max_age_ms / 1000
        self._others: tuple[OtherContract, ...] = ()
        self._complete = True
        self._rules = RulesWatch(self._read_rules, self._deliver_rules, self._reader.stamp, max_age_s=max_age_s)
        self._reader.met = self._meet
        self._modes = ModesWatch(wiring, self.session, account)
        self.executor.judge = self._judge
        self.executor.judge_setting = self._modes.judge
        self._socket_rests = (Backoff(wiring.settings, jitter), Backoff(wiring.settings, jitter))
        own, marks = self._socket_rests
        self._stream = AccountStream(wiring, self.session, account, backoff=own)
        self._marks = MarkStream(wiring, self.session, account, backoff=marks)
        self._stream.on_modes = self._modes.look_soon
        self._stream.on_symbol = self._marks.symbols.add
        self.executor.acknowledged = self._stream.acknowledged
        self.session.hear(self._hear)
        self.session.on_use = self._tell_use_soon
        self.session.on_quiet = self._tell_quiet
        self.session.on_forbidden = self._suspect_key
        self._key_suspected = False
        self._telling_use = False
        self._requests: set[asyncio.Task[None]] = set()
        self._services: set[asyncio.Task[None]] = set()
        self._suspicious = asyncio.Event()
        self._finish: asyncio.Future[int] = self.loop.create_future()
        self._streaming = False
        self._limited = False
        self._waits = False

    async def run(self) -> None:
        """Connect, stay connected and serve until `finish`; then answer what was sent and close."""
        self._serve(self._supervise())
        deadline_ms = await self._finish
        if self._requests:
            await asyncio.wait(self._requests, timeout=deadline_ms / 1000)
        # Requests still outstanding are canceled and report an unknown outcome.
        left = [*self._requests, *self._services]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        with suppress(Exception):
            async with asyncio.timeout(STOP_MARGIN_S / 2):
                await self.session.close()

    def take(self, message: Message) -> None:
        """Begin one request."""
        if self._finish.done():
            self.executor.decline(message, Venue.CONNECTION_STOPPING())
            return
        symbol = getattr(message, "symbol", None)
        if symbol is not None:
            self._marks.symbols.add(Symbol(symbol))
        task = self.loop.create_task(self._carry_out(message))
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)

    def finish(self, deadline_ms: int) -> None:
        if not self._finish.done():
            self._finish.set_result(deadline_ms)

    async def _carry_out(self, message: Message) -> None:
        try:
            await self.executor.carry_out(message)
        except Exception as error:  # noqa: BLE001  a defect of ours: the asker must still hear something
            self.executor.doubt(message, Venue.DEFECT(error=self.session.text(error)))

    def _serve(self, service: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = self.loop.create_task(service)
        self._services.add(task)
        task.add_done_callback(self._services.discard)
        return task

    def _hear(self, client: Any, message: object) -> None:
        """Handle one message of any socket. Must not raise: ccxt would stop reading the socket."""
        url = str(client.url)
        with suppress(Exception):
            if not self._stream.take(url, message):
                self._marks.take(url, message)

    def _tell_use_soon(self) -> None:
        """Schedule one usage report for all answers until then; none when the venue has no limits."""
        if self._limited and not self._telling_use:
            self._telling_use = True
            self.loop.call_later(USE_TOLD_AFTER_S, self._tell_use)

    def _tell_use(self) -> None:
        self._telling_use = False
        if news := self.session.take_news():
            stamp = self._reader.stamp()
            self._wiring.deliver(BudgetUsed(account=stamp.account, ts_init=stamp.ts_init, uses=news))

    def _tell_quiet(self, for_ms: int, cause: Statement) -> None:
        stamp = self._reader.stamp()
        uses = self.session.take_news()
        said = BudgetUsed(account=stamp.account, ts_init=stamp.ts_init, uses=uses, quiet_ms=for_ms, cause=cause)
        self._wiring.deliver(said)

    def hush(self, for_ms: int, cause: Statement) -> None:
        """Stay quiet for `for_ms`: another account at this address was asked to."""
        self.session.hush(for_ms)
        self._tell_quiet(for_ms, cause)

    async def _supervise(self) -> None:
        """Connect, watch, and reconnect. Reports each change once, also that the account waits for its turn."""
        down, reported = False, None
        while True:
            retry_after_ms, fault = 0, None
            await self.session.quiet()
            try:
                up, marks = await self._connect()
            except (UnreachableError, ReadError, MalformedError) as error:
                cause, retry_after_ms = error.cause, getattr(error, "retry_after_ms", 0)
                fault = getattr(error, "fault", None)
            except Exception as error:  # noqa: BLE001  whatever it is, the next attempt may do without
                cause = Venue.DEFECT(error=self.session.text(error))
            else:
                self._backoff.reset()
                down = self._waits = False
                self._rules.connected(up.instruments, complete=self._complete)
                # Usage is reported together with the limits, so that no request leaves before the rest of the budget is
                # known.
                self._wiring.deliver(replace(up, uses=self.session.take_news()))
                # An opening of a symbol that no position holds is checked against its price, too.
                for mark in marks:
                    self._wiring.deliver(mark)
                self._open_streams()
                self._set_margin_modes()
                cause = await self._watch()
            if not down or fault is not reported or self._waits:
                down, reported, self._waits = True, fault, False
                stamp = self._reader.stamp()
                self._wiring.deliver(VenueDown(account=stamp.account, ts_init=stamp.ts_init, cause=cause, fault=fault))
            await asyncio.sleep(self._backoff.next_s(retry_after_ms))

    def _open_streams(self) -> None:
        for rest in self._socket_rests:
            rest.hurry()
        if not self._streaming:
            self._streaming = True
            self._serve(self._stream.run())
            self._serve(self._marks.run())
            self._serve(self._rules.run())
            self._serve(self._modes.run())

    async def _read_rules(self) -> Rules:
        """Raises ReadError, MalformedError."""
        await self.session.quiet()
        rules = await self._reader.rules()
        self._others = rules.others
        return rules.instruments

    def _deliver_rules(self, report: Message) -> None:
        if isinstance(report, RulesReport):
            report = replace(report, others=self._others)
        self._wiring.deliver(report)

    def _meet(self, symbols: frozenset[Symbol]) -> None:
        self._rules.met(symbols - {each.symbol for each in self._others})

    def _judge(self, order: SubmitOrder, verdict: Verdict) -> None:
        self._rules.judge(order, verdict)
        self._modes.judge(verdict)

    def _set_margin_modes(self) -> None:
        if self._setting_margins is None or self._setting_margins.done():
            self._setting_margins = self._serve(self._margins.set_all())

    async def _connect(self) -> tuple[VenueUp, Sequence[MarkReport]]:
        """Read what trading requires. Raises UnreachableError, ReadError, MalformedError.

        Accounts behind one address connect one after another, as its weight budget allows.
        """
        verdict = await self.session.sync_clock()
        if isinstance(verdict, NotExecuted):
            raise UnreachableError(verdict.cause, verdict.retry_after_ms)
        if isinstance(verdict, Unknown):
            raise UnreachableError(verdict.cause)
        rules = await self._reader.rules()
        self._others, self._complete = rules.others, rules.complete
        self._limited = bool(rules.limits)
        self.session.weight_limit = weight_per_minute(rules.limits)
        self.session.allowance.learn(self.session.weight_limit)
        async with self.session.turn(self._weights.CONNECTING, self._wait_turn, connecting=True):
            if self._waits:
                self._tell_turn(since_ns=0)
            mode = await self._mode()
            await self._margins.read()
            marks = await self._reader.marks()
        stamp = self._reader.stamp()
        up = VenueUp(
            account=stamp.account,
            ts_init=stamp.ts_init,
            venue_identity=self._wiring.settings.identity,
            position_mode=mode,
            instruments=rules.instruments,
            validity_window_ms=self._wiring.settings.validity_window_ms,
            limits=rules.limits,
            costs=self._weights.COSTS,
            margin_mode=self._wiring.settings.margin_mode,
            place=self._wiring.settings.place,
            others=self._others,
            trailing=self.session.dialect.capabilities.trailing,
        )
        return up, marks

    def _wait_turn(self) -> None:
        if not self._waits:
            self._waits = True
            self._tell_turn(since_ns=self._reader.stamp().ts_init)

    def _tell_turn(self, since_ns: int) -> None:
        stamp = self._reader.stamp()
        self._wiring.deliver(TurnAwaited(account=stamp.account, ts_init=stamp.ts_init, since_ns=since_ns))

    async def _mode(self) -> PositionMode:
        """Return the account's position mode. Raises UnreachableError when it differs from the configured one."""
        mode = await self._reader.position_mode()
        wanted = self._wiring.settings.position_mode
        if mode is wanted:
            return mode
        answer: Statement = NOTHING
        if self._wiring.settings.set_position_mode and not self._wiring.settings.watch_only:
            verdict = await self.session.ask(Ask.SETTING, self._calls.set_position_mode(wanted))
            # The account's current mode decides, not the answer to the change.
            mode = await self._reader.position_mode()
            if mode is wanted:
                return mode
            answer = Venue.SETTING_IGNORED() if isinstance(verdict, Answered) else in_words(verdict)
        self._modes.tell(mode, joined=None)
        raise UnreachableError(_other_mode(mode, wanted, answer), fault=ModeFault.POSITION_MODE)

    async def _watch(self) -> Statement:
        """Probe the venue at intervals, and at once on suspicion; return the reason why it is down."""
        silent = 0
        interval_s = self._wiring.settings.probe_interval_ms / 1000
        while True:
            self._suspicious.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(interval_s if silent == 0 else self._backoff.next_s()):
                    await (self._suspicious.wait() if silent == 0 else asyncio.Event().wait())
            await self.session.quiet()
            verdict = await self.session.sync_clock()
            match verdict:
                case Unknown(cause=cause):
                    silent += 1
                case NotExecuted(cause=cause, throttled=False):
                    silent += 1
                case _:
                    silent = 0
                    if refused := await self._refusal_of_key():
                        return refused
                    continue
            if silent >= PROBE_ATTEMPTS:
                return cause

    async def _refusal_of_key(self) -> Statement:
        """Return why the key is unusable even for reading; empty when it can read.

        Called only after a refusal that concerns the key: the key may lack just one permission.
        """
        if not self._key_suspected:
            return NOTHING
        verdict = await self.session.ask(Ask.READ, self._calls.KEY_PROBE)
        self._key_suspected = False
        forbidden = isinstance(verdict, Rejected) and verdict.reason is RejectReason.PERMISSION
        return in_words(verdict) if forbidden else NOTHING

    def _suspect_key(self) -> None:
        self._key_suspected = True
        self._suspicious.set()

    def _suspect(self, _cause: Statement) -> None:
        self._suspicious.set()


def _other_mode(mode: PositionMode, wanted: PositionMode, answer: Statement) -> Statement:
    """Return the reason for a wrong mode. `answer`: the venue's refusal to change it, empty when no change was
    requested.
    """
    wish = mode.value  # a value of the configuration, which is not translated
    if not answer:
        return Venue.POSITION_MODE(mode=mode, wanted=wanted, wish=wish)
    return Venue.POSITION_MODE_NOT_CHANGED(mode=mode, wanted=wanted, wish=wish, answer=answer)

"""The base actor: pykka's, run by a dispatcher instead of its own loop."""

import abc
from collections.abc import Callable
from typing import Any, Generic, NoReturn, Protocol, TypeVar

import pykka
from pykka import messages as pykka_messages

from actors.ports import Clock
from actors.runtime.topics import Listener

M = TypeVar("M")


class Home(Protocol):
    """The address, as its context uses it."""

    @property
    def address(self) -> str: ...
    def accept(self, message: object) -> None: ...
    def stop(self) -> None: ...
    def suspend(self, context: "Context") -> None: ...
    def resume(self, context: "Context") -> None: ...
    def schedule(self, context: "Context", key: str, delay_ns: int, message: object) -> None: ...
    def cancel(self, context: "Context", key: str) -> None: ...


class Outside(Protocol):
    """The system, as a context uses it."""

    def tell(self, address: str, message: object) -> None: ...
    def signal(self, address: str, message: object) -> None: ...
    def publish(self, message: object) -> None: ...
    def subscribe(self, message: type, listener: Listener) -> None: ...
    def unsubscribe(self, message: type, listener: Listener) -> None: ...


class Context:
    """What an actor instance may do. Call it from the actor's own handlers; after the instance's end it has no effect.

    `incarnation` counts the instances of the address from 1; it identifies answers to an earlier instance. `tell`,
    `signal` and `publish` never block and never raise.
    """

    __slots__ = ("_home", "_outside", "clock", "incarnation", "publish", "signal", "tell")

    tell: Callable[[str, object], None]
    signal: Callable[[str, object], None]
    publish: Callable[[object], None]

    def __init__(self, home: Home, outside: Outside, clock: Clock, incarnation: int) -> None:
        self._home = home
        self._outside = outside
        self.clock = clock
        self.incarnation = incarnation
        self.tell = outside.tell
        self.signal = outside.signal
        self.publish = outside.publish

    @property
    def address(self) -> str:
        """The address of this actor, the same across restarts."""
        return self._home.address

    def accept(self, message: object) -> None:
        """Queue in the own mailbox."""
        self._home.accept(message)

    def subscribe(self, message: type) -> None:
        """Receive published messages of that class and its subclasses, across restarts, until the address stops."""
        self._outside.subscribe(message, self._home.address)

    def unsubscribe(self, message: type) -> None:
        """End a subscription; without one, nothing happens."""
        self._outside.unsubscribe(message, self._home.address)

    def schedule(self, key: str, delay_ns: int, message: object) -> None:
        """Deliver `message` to this actor after `delay_ns` (monotonic); replaces a timer of the same key. Timers end
        with the instance.
        """
        self._home.schedule(self, key, delay_ns, message)

    def cancel(self, key: str) -> None:
        """Cancel a timer; its message is not delivered, even if it is queued already."""
        self._home.cancel(self, key)

    def suspend(self) -> None:
        """Deliver signals only, until `resume`; messages wait in order."""
        self._home.suspend(self)

    def resume(self) -> None:
        """Deliver messages again."""
        self._home.resume(self)

    def stop(self) -> None:
        """Stop after the messages that wait now."""
        self._home.stop()


class Inbox:
    """pykka's view of the mailbox: a plain `ActorRef.tell` is queued by priority."""

    __slots__ = ("context",)

    context: Context

    def put(self, envelope: Any, /) -> None:
        """Queue the envelope's message; pykka's own stop becomes an orderly stop."""
        if isinstance(envelope.message, pykka_messages._ActorStop):  # noqa: SLF001 - what pykka's own stop sends
            self.context.stop()
        else:
            self.context.accept(envelope.message)

    def get(self) -> NoReturn:
        """Raises RuntimeError: a dispatcher reads the mailbox."""
        raise RuntimeError("a dispatcher reads this mailbox; an actor's own loop never runs")

    def empty(self) -> bool:
        """Always True: pykka's own loop has nothing to read."""
        return True


class Actor(pykka.Actor, Generic[M]):
    """Handles messages of type `M`, one at a time, without blocking.

    Spawn it through `ActorSystem.spawn`. An exception in a handler ends the instance; the address and its mailbox stay,
    and the factory makes the next instance.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        inbox = self.actor_inbox
        assert isinstance(inbox, Inbox)
        inbox.context = context
        # pykka's urn is random and leaks through references; the address is the same in every run.
        self.actor_urn = self._actor_ref.actor_urn = context.address

    @abc.abstractmethod
    def receive(self, message: M) -> None:
        """Handle a message; an exception ends this instance."""

    def receive_signal(self, message: M) -> None:
        """Handle a message of the system lane. Raises NotImplementedError unless overridden."""
        raise NotImplementedError(f"{type(self).__name__} at {self.context.address} got a signal: {message!r}")

    def on_receive(self, message: M) -> None:
        """Handle a message that pykka delivers."""
        self.receive(message)

    @classmethod
    def start(cls, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Raises TypeError: use `ActorSystem.spawn`."""
        raise TypeError(f"spawn {cls.__name__} through an ActorSystem, which gives it an address and a mailbox")

    @staticmethod
    def _create_actor_inbox() -> Inbox:
        return Inbox()

    @staticmethod
    def _create_future() -> NoReturn:
        """Raises RuntimeError: waiting for an answer blocks a worker of a small pool, at worst the one that would
        answer.
        """
        raise RuntimeError("actors only tell; let the answer be a message to your own address")

    def begin(self) -> None:
        """Run `on_start`; the dispatcher calls it once, on the actor's own worker."""
        self._start_actor_loop()

    def _start_actor_loop(self) -> None:
        self.on_start()

"""The base actor: pykka's, given its time by a dispatcher instead of a loop of its own."""

import abc
from collections.abc import Callable
from typing import Any, Generic, NoReturn, Protocol, TypeVar

import pykka
from pykka import messages as pykka_messages

from actors.ports import Clock
from actors.runtime.topics import Listener

M = TypeVar("M")


class Home(Protocol):
    """What a context needs of the address it belongs to."""

    @property
    def address(self) -> str: ...
    def accept(self, message: object) -> None: ...
    def stop(self) -> None: ...
    def suspend(self, context: "Context") -> None: ...
    def resume(self, context: "Context") -> None: ...
    def schedule(self, context: "Context", key: str, delay_ns: int, message: object) -> None: ...
    def cancel(self, context: "Context", key: str) -> None: ...


class Outside(Protocol):
    """What a context needs of the system."""

    def tell(self, address: str, message: object) -> None: ...
    def signal(self, address: str, message: object) -> None: ...
    def publish(self, message: object) -> None: ...
    def subscribe(self, message: type, listener: Listener) -> None: ...
    def unsubscribe(self, message: type, listener: Listener) -> None: ...


class Context:
    """What one life of an actor may do. Use it from its own handlers only; after its death it is inert.

    `incarnation` counts the lives of the address from 1: a signal may answer an earlier life's question.
    `tell`, `signal` and `publish` never block and never raise.
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
        return self._home.address

    def accept(self, message: object) -> None:
        """Put into the own mailbox."""
        self._home.accept(message)

    def subscribe(self, message: type) -> None:
        """Hear published messages of that class and its subclasses, across restarts, until the address stops."""
        self._outside.subscribe(message, self._home.address)

    def unsubscribe(self, message: type) -> None:
        self._outside.unsubscribe(message, self._home.address)

    def schedule(self, key: str, delay_ns: int, message: object) -> None:
        """Tell oneself `message` after `delay_ns`; the same key replaces. Timers end with this life."""
        self._home.schedule(self, key, delay_ns, message)

    def cancel(self, key: str) -> None:
        """After this the timer's message is not delivered, even if it is queued already."""
        self._home.cancel(self, key)

    def suspend(self) -> None:
        """From now on deliver signals only; messages wait in order."""
        self._home.suspend(self)

    def resume(self) -> None:
        self._home.resume(self)

    def stop(self) -> None:
        """Stop after what waits now."""
        self._home.stop()


class Inbox:
    """pykka's view of the mailbox, so that a plain `ActorRef.tell` travels by priority like any other."""

    __slots__ = ("context",)

    context: Context

    def put(self, envelope: Any, /) -> None:
        if isinstance(envelope.message, pykka_messages._ActorStop):  # noqa: SLF001 - what pykka's own stop sends
            self.context.stop()
        else:
            self.context.accept(envelope.message)

    def get(self) -> NoReturn:
        raise RuntimeError("a dispatcher reads this mailbox; an actor's own loop never runs")

    def empty(self) -> bool:
        return True


class Actor(pykka.Actor, Generic[M]):
    """Handles messages of type `M`, one at a time, and blocks on nothing.

    Spawn through `ActorSystem.spawn`. What a handler raises ends this life; the address, its mailbox
    and its messages stay, and the factory makes the next one.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        inbox = self.actor_inbox
        assert isinstance(inbox, Inbox)
        inbox.context = context
        # pykka's random name leaks through references; the address names this actor, run after run.
        self.actor_urn = self._actor_ref.actor_urn = context.address

    @abc.abstractmethod
    def receive(self, message: M) -> None:
        """Handle a message."""

    def receive_signal(self, message: M) -> None:
        """Handle what came on the system lane."""
        raise NotImplementedError(f"{type(self).__name__} at {self.context.address} got a signal: {message!r}")

    def on_receive(self, message: M) -> None:
        self.receive(message)

    @classmethod
    def start(cls, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise TypeError(f"spawn {cls.__name__} through an ActorSystem, which gives it an address and a mailbox")

    @staticmethod
    def _create_actor_inbox() -> Inbox:
        return Inbox()

    @staticmethod
    def _create_future() -> NoReturn:
        """Create no futures: whoever waits for an answer in a small pool ends up waiting for itself."""
        raise RuntimeError("actors only tell; let the answer be a message to your own address")

    def begin(self) -> None:
        """Start a life; called once, by the dispatcher that will run it."""
        self._start_actor_loop()

    def _start_actor_loop(self) -> None:
        self.on_start()

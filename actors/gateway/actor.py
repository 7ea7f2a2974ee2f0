"""The actor: receives, lets the core decide, performs what it says."""

from actors.gateway.actions import Action, Later, Never, Say, Send
from actors.gateway.core import SWEEP_NS, Gateway
from actors.gateway.memory import GatewayMemory
from actors.ports import Venue
from actors.runtime.actor import Actor, Context
from messages.base import Message
from messages.reports import Woken
from messages.types import AccountId


class GatewayActor(Actor[Message]):
    """One account's gateway. `memory` is made once by the composition and given to every life (see memory.py).

    The composition starts `venue`, with what it delivers told to this actor's address; the actor hands
    it requests and never starts or stops it.
    """

    def __init__(
        self, context: Context, *, account: AccountId, venue: Venue, memory: GatewayMemory, sweep_ns: int = SWEEP_NS
    ) -> None:
        super().__init__(context)
        self._venue = venue
        self._gateway = Gateway(account, context.clock, memory, sweep_ns=sweep_ns)

    def on_start(self) -> None:
        actions, unfinished = self._gateway.start()
        for request in unfinished:
            self.context.accept(request)
        self._perform(actions)

    def receive(self, message: Message) -> None:
        self._perform(self._gateway.step(message))

    def _perform(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            match action:
                case Send(message):
                    self._venue.request(message)
                case Say(to, message):
                    self.context.tell(to, message)
                case Later(topic, delay_ns):
                    self.context.schedule(topic, delay_ns, Woken(topic=topic))
                case Never(topic):
                    self.context.cancel(topic)
        self._gateway.commit()

"""The actor shell: passes each message to `core` and performs the returned actions."""

from actors.gateway.actions import Action, Later, Never, Say, Send
from actors.gateway.core import SWEEP_NS, Gateway
from actors.gateway.memory import GatewayMemory
from actors.ports import Venue
from actors.runtime.actor import Actor, Context
from messages.base import Message
from messages.reports import Woken
from messages.types import AccountId


class GatewayActor(Actor[Message]):
    """One account's gateway.

    The composition makes `memory` once per process and passes it to every instance (see memory.py). It also starts and
    stops `venue`; the port's reports arrive as messages at this actor's address.
    """

    def __init__(
        self, context: Context, *, account: AccountId, venue: Venue, memory: GatewayMemory, sweep_ns: int = SWEEP_NS
    ) -> None:
        super().__init__(context)
        self._venue = venue
        self._gateway = Gateway(account, context.clock, memory, sweep_ns=sweep_ns)

    def on_start(self) -> None:
        """Start the core and send the unfinished requests of an earlier instance to this actor."""
        actions, unfinished = self._gateway.start()
        for request in unfinished:
            self.context.accept(request)
        self._perform(actions)

    def receive(self, message: Message) -> None:
        """Perform the actions of one message. Raises TypeError for a message that no gateway handles."""
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

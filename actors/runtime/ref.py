"""A typed address."""

from collections.abc import Callable
from typing import Generic, TypeVar

M_contra = TypeVar("M_contra", contravariant=True)


class Ref(Generic[M_contra]):
    """The typed address of an actor that handles `M`; valid across restarts.

    It holds an address, not an actor: it can be kept, printed and compared.
    """

    __slots__ = ("_tell", "address")

    def __init__(self, address: str, tell: Callable[[str, object], None]) -> None:
        self.address = address
        self._tell = tell

    def tell(self, message: M_contra) -> None:
        """Queue a message. Never blocks, never raises; an undeliverable message is a dead letter."""
        self._tell(self.address, message)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and other.address == self.address

    def __hash__(self) -> int:
        return hash(self.address)

    def __repr__(self) -> str:
        return f"Ref({self.address!r})"

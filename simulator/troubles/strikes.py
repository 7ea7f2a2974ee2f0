"""What befell somebody, from whoever saw it: told to the coverage table, by account, symbol or order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice

from adapters.paper.faults import FaultKind
from simulator.environment.network import Sent, Socket
from simulator.environment.truth import Books
from simulator.troubles.catalog import TROUBLE_OF_WEATHER, trouble_of
from simulator.troubles.traps import Traps


@dataclass(slots=True, kw_only=True)
class Strikes:
    """Hears of the network's weather, and reads the venue's log of faults."""

    books: Books
    traps: Traps
    account_of_key: Callable[[str], str]
    _logged: int = 0

    def on_the_way(self, what: str, whom: Sent | Socket) -> None:
        """The network did something to a request or to a stream."""
        if isinstance(whom, Sent):
            account = self.account_of_key(whom.api_key)
        else:
            account = self.books.venue.account_of_listen_key(whom.key) or ""
        self.traps.struck(TROUBLE_OF_WEATHER.get(what, ""), account=account)

    def read(self) -> None:
        """Faults of streams and executions, which answer nobody."""
        log = self.books.venue.exchange.fault_log
        if len(log) == self._logged:
            return
        for each in islice(log, self._logged, None):
            if each.client_id and (each.effect is None or each.kind is FaultKind.PARTIAL_FILL):
                self.traps.struck(trouble_of(each), name=self.books.parent_of(each.client_id))
            elif each.kind in (FaultKind.STREAM_DISCONNECT, FaultKind.LISTEN_KEY_EXPIRY):
                self.traps.struck(trouble_of(each), account=each.account)
        self._logged = len(log)

    def counted(self, before: Mapping[str, int]) -> dict[str, int]:
        """With those faults of the venue that answered nobody."""
        counted = dict(before)
        for each in self.books.venue.fault_log:
            if each.subject and not each.subject.startswith(("GET", "POST", "DELETE", "PUT", "late")):
                counted[each.kind] = counted.get(each.kind, 0) + 1
        return counted

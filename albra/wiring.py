"""The shared dependencies of one supervisor process."""

from dataclasses import dataclass

from actors.ports import Log
from actors.runtime import ActorSystem
from adapters.config import Config
from adapters.storage.sqlite import SqliteJournal


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Configuration, actor system, journal and log of one process."""

    config: Config
    system: ActorSystem
    journal: SqliteJournal
    log: Log

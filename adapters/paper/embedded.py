"""The paper venue inside the supervisor's process, for accounts without keys."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from adapters.config import Config
from adapters.paper.server import EmbeddedServer, ListenError, PaperServer, serve_in_thread, wall_clock_ms
from adapters.paper.venue import PaperVenue


@contextmanager
def embedded_venue(config: Config) -> Iterator[EmbeddedServer | None]:
    """None where no account trades on it. Its accounts lie beside the journal and outlive us.

    Raises OSError where its port is taken.
    """
    if not any(account.embedded for account in config.accounts):
        yield None
        return

    def make() -> PaperServer:
        return PaperServer(
            PaperVenue(seed=config.paper.seed, now_ms=wall_clock_ms()),
            port=config.paper.port,
            storage=config.storage.path / "paper",
            tick_ms=config.paper.tick_ms,
        )

    with ExitStack() as serving:
        try:
            embedded = serving.enter_context(serve_in_thread(make))
        except ListenError as error:
            advice = "choose another port in the configuration, or 0 for any"
            raise OSError(f"paper.port: {error}; {advice}") from None
        yield embedded

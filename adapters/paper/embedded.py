"""The paper venue inside the supervisor's process, for accounts without keys."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from adapters.config import Config
from adapters.listening.descriptors import PAPER_MOST, Shares
from adapters.paper.account import AccountSetup
from adapters.paper.registry import EMBEDDED
from adapters.paper.server import EmbeddedServer, ListenError, PaperServer, serve_in_thread, wall_clock_ms

BEGINS_WITH = AccountSetup().name


@contextmanager
def embedded_venue(config: Config, share: Shares | None = None) -> Iterator[EmbeddedServer | None]:
    """Run the embedded venue within the block; None when no account trades on it.

    Its accounts are stored beside the journal and outlive the process. Raises OSError when its port is taken.
    """
    if not any(account.embedded for account in config.accounts):
        yield None
        return

    def make() -> PaperServer:
        return PaperServer(
            EMBEDDED(seed=config.paper.seed, now_ms=wall_clock_ms()),
            port=config.paper.port,
            storage=config.storage.path / "paper",
            tick_ms=config.paper.tick_ms,
            most=share.paper if share else PAPER_MOST,
        )

    with ExitStack() as serving:
        try:
            embedded = serving.enter_context(serve_in_thread(make))
        except ListenError as error:
            advice = "choose another port in the configuration, or 0 for any"
            raise OSError(f"paper.port: {error}; {advice}") from None
        admit(config, embedded)
        yield embedded


def admit(config: Config, embedded: EmbeddedServer) -> None:
    """Open a venue account for each configured one; a single account uses the venue's first."""
    names = [account.account for account in config.accounts if account.embedded]
    first = BEGINS_WITH if BEGINS_WITH in names else names[0]
    for name in names:
        if name != first:
            embedded.admit(name)

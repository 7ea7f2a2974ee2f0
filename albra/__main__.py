"""The console script. A command imports what it needs: `albra positions` neither actors nor the exchange library."""

import sys
from typing import TYPE_CHECKING

from adapters.cli import entry
from adapters.config import Config
from adapters.hardening import keep_private

if TYPE_CHECKING:
    from adapters.cli.stored import Folds
    from adapters.storage.verify import Fold


def main() -> int:
    """Run one command and return its exit code."""
    keep_private()
    return entry.main(run=_run, fold=_fold, folds=_folds)


def _run(config: Config, *, live: bool) -> int:
    from albra.run import run

    return run(config, live=live)


def _fold() -> "Fold":
    from actors.recovery import rebuilt

    return rebuilt


def _folds() -> "Folds":
    from actors.stored import discrepancies, position_view
    from adapters.cli.stored import Folds

    return Folds(position=position_view, discrepancies=discrepancies)


if __name__ == "__main__":
    sys.exit(main())

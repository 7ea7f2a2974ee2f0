"""Commands that need no supervisor: configuration, journal, paper venue."""

import os
from argparse import Namespace
from pathlib import Path
from typing import Any

from adapters.cli import output
from adapters.cli.outcome import CommandError, Exit
from adapters.config import SCHEMA, Loaded, render
from adapters.config.render import jsonable
from messages.text import block, shown


def config(arguments: Namespace, loaded: Loaded) -> None:
    """`schema` is handled earlier: it needs no valid configuration."""
    if arguments.what == "show":
        if arguments.json:
            output.document(jsonable(loaded.effective))
        else:
            output.line(block(render(loaded.effective).rstrip()))
        for problem in loaded.unset:
            output.complain(shown(f"albra: {problem.path} is not set here: {problem.expected}"))
        return
    source = str(loaded.config.source) if loaded.config.source else "built-in defaults"
    venues = {a.account: "embedded paper venue" if a.embedded else a.place for a in loaded.config.accounts}
    if arguments.json:
        output.document({"valid": True, "source": source, "accounts": venues})
        return
    output.line(shown(f"{source}: valid"))
    for account, venue in venues.items():
        output.line(shown(f"account {account}: {venue}"))


def schema() -> None:
    import json

    output.document(json.loads(json.dumps(SCHEMA, default=float)))  # bounds are exact, and JSON has no such numbers


def paper(arguments: Namespace) -> None:
    import asyncio

    from adapters.paper.server import ListenError, serve_forever

    def announce(text: str) -> None:
        output.line(block(text.rstrip()))

    options: dict[str, Any] = {"host": arguments.host, "port": arguments.port, "announce": announce}
    if arguments.seed is not None:
        options["seed"] = arguments.seed
    if arguments.storage:
        options["storage"] = Path(os.path.realpath(arguments.storage))
    if arguments.account:
        options["accounts"] = tuple(arguments.account)
    if arguments.faults:
        options["faults"] = Path(arguments.faults)
    try:
        asyncio.run(serve_forever(**options))
    except ListenError as error:
        raise CommandError(Exit.FAILED, f"paper: {error}; choose another with --port, or 0 for any") from None
    except (OSError, ValueError) as error:
        raise CommandError(Exit.FAILED, f"paper: {error}") from None

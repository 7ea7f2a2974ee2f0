"""`albra doctor`: checks that everything is fit to trade, one line per check with its remedy."""

import asyncio
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from adapters.cli import checks, output, privacy
from adapters.cli.checks import Finding, Judgement, fail, ok, warn
from adapters.cli.connection import venue_connection
from adapters.cli.outcome import CommandError, Exit
from adapters.config import AccountConfig, Config, Loaded
from albra.loopback.discovery import holder
from messages.text import shown, styled
from messages.types import LIMITS_CURRENCY, MarginMode

if TYPE_CHECKING:
    from adapters.exchange.settings import ExchangeSettings
    from adapters.exchange.venue import Checkup, KeyPermissions

OFFSET_WARN_MS = 500
OFFSET_FAIL_MS = 5_000
"""Maximum clock error. Requests use the venue's time, but expiry and the day of a loss limit use ours."""
_COLORS = {Judgement.OK: "green", Judgement.WARN: "yellow", Judgement.FAIL: "red"}


def doctor(arguments: Namespace, loaded: Loaded) -> None:
    """Run all checks. Raises CommandError(FAILED) when one fails; warnings alone exit 0."""
    findings: list[Finding] = []
    for finding in _examine(loaded):
        findings.append(finding)
        if not arguments.json:
            _show(finding)
    failed = [finding.check for finding in findings if finding.judgement is Judgement.FAIL]
    document = {"healthy": not failed, "checks": checks.rows(findings)}
    if failed:
        raise CommandError(Exit.FAILED, f"doctor: {len(failed)} failed: {', '.join(failed)}", document)
    if arguments.json:
        output.document(document)


def _examine(loaded: Loaded) -> Iterator[Finding]:
    """Yield findings, local checks first; a failure does not stop later checks."""
    config, storage = loaded.config, loaded.config.storage.path
    amiss = tuple(f"{problem.path}." for problem in (*loaded.wrong, *loaded.unset))
    reached = [a for a in config.accounts if not any(_is_of(path, f"accounts.{a.account}.") for path in amiss)]
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("configuration", lambda: checks.configuration(loaded)),
        ("secrets", lambda: checks.unset(loaded)),
        ("privacy", lambda: privacy.storage(storage)),
        ("encryption", lambda: privacy.in_clear(config)),
        ("open files", lambda: privacy.descriptors(config)),
        ("disk", lambda: checks.disk(storage)),
        ("journal", lambda: checks.journal(storage)),
        ("supervisor", lambda: checks.supervisor(config)),
        ("addresses", lambda: addresses(config)),
        *((f"venue {account.account}", partial(_venue, config, account)) for account in reached),
        ("chat", lambda: checks.chat(config)),
    ]
    for name, look in looks:
        yield from _guarded(name, look)


def _is_of(path: str, part: str) -> bool:
    """Return whether one path contains the other; both end with a dot."""
    return path.startswith(part) or part.startswith(path)


def addresses(config: Config) -> Iterator[Finding]:
    """Check the number of accounts behind one address against what the address supports."""
    from adapters.exchange.crowding import crowds

    for crowd in crowds(config):
        yield warn("address", crowd.found, crowd.advice) if crowd.too_many else ok("address", crowd.found)


def _guarded(check: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Turn a check's exception into a finding, without its text, which may contain a part of a secret."""
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001 - the doctor looks at everything, whatever it meets
        yield fail(check, f"could not be looked at ({type(error).__name__})", "see whether the others say why")


def _show(finding: Finding) -> None:
    color = _COLORS[finding.judgement] if output.colored(sys.stdout) else None
    mark = output.paint(shown(f"{finding.judgement:<4}"), color)
    advice = f": {finding.advice}" if finding.advice else ""
    output.line(styled(mark, shown(f"  {finding.check:<22}  {finding.found}{advice}"), ""))


def _venue(config: Config, account: AccountConfig) -> Iterator[Finding]:
    name = account.account
    if account.embedded and holder(config.storage.path) is None:
        yield ok(f"venue {name}", "the embedded paper venue, which starts with `albra run`")
        return
    try:
        with venue_connection(config, account) as settings:
            found = asyncio.run(_ask(settings))
    except CommandError as error:
        yield fail(f"venue {name}", error.text, "see `albra logs --level ERROR`")
        return
    if found.unreachable:
        advice = "check the network, environment, base_url and proxy, and the exchange's status page"
        yield fail(f"venue {name}", f"{account.place}: {found.unreachable}", advice)
        return
    yield ok(f"venue {name}", f"{account.place}: answers within {found.round_trip_ms} ms")
    yield from clock(name, found)
    if found.refused:
        advice = (
            "check api_key and api_secret, that they are of this environment (live, demo and testnet have keys of "
            "their own), that futures are enabled for the key, and its allowed addresses"
        )
        yield fail(f"keys {name}", found.refused, advice)
        return
    yield from keys(name, found)
    if not account.embedded and account.environment == "live":
        yield from permissions(name, found.permissions)
    yield from mode(account, found)
    yield from assets(account, found)
    yield from outside(name, found)


async def _ask(settings: "ExchangeSettings") -> "Checkup":
    from adapters.clock import SystemClock
    from adapters.exchange.session import Session

    session = Session(settings, SystemClock())
    try:
        return await session.dialect.checkup(session, live=settings.environment == "live")
    finally:
        await session.close()


def clock(name: str, found: "Checkup") -> Iterator[Finding]:
    """Check our clock against the venue's, within half the round trip."""
    if found.offset_ms is None:
        yield warn(f"clock {name}", "the venue does not tell its time", "try again later")
        return
    off_ms = abs(found.offset_ms)
    said = f"{off_ms} ms {'ahead of' if found.offset_ms > 0 else 'behind'} the venue's"
    advice = "let the machine's time be kept by NTP (timedatectl set-ntp true)"
    if off_ms >= OFFSET_FAIL_MS:
        yield fail(f"clock {name}", said, advice)
    elif off_ms - found.round_trip_ms // 2 >= OFFSET_WARN_MS:
        yield warn(f"clock {name}", said, advice)
    else:
        yield ok(f"clock {name}", said)


def keys(name: str, found: "Checkup") -> Iterator[Finding]:
    if found.can_trade is False:
        yield fail(f"keys {name}", "the account may not trade", "see the exchange's notices about the account")
        return
    balance = (
        "balance not reported"
        if found.available is None
        else f"{output.rounded(found.available)} {found.currency} available"
    )
    if found.available is not None and found.available <= 0:
        yield warn(f"keys {name}", balance, "transfer some to the futures wallet: nothing can be opened")
    else:
        yield ok(f"keys {name}", f"accepted; {balance}")


def permissions(name: str, said: "KeyPermissions | None") -> Iterator[Finding]:
    """Check that the key has no unneeded permissions, which a thief could use."""
    check = f"permissions {name}"
    if said is None or said.withdrawals is None:
        advice = "look in the exchange's key settings: no withdrawals, and only your addresses"
        yield warn(check, "the venue does not tell what the key may do", advice)
        return
    if said.futures is False:
        yield fail(check, "the key may not trade futures", "enable futures for it at the exchange")
    if said.withdrawals:
        yield warn(check, "the key may withdraw", "take that permission away: Albra never needs it")
    if said.bound_to_addresses is False:
        yield warn(check, "the key works from any address", "bind it to this machine's at the exchange")
    if said.futures is not False and not said.withdrawals and said.bound_to_addresses is not False:
        yield ok(check, "trades futures, cannot withdraw, bound to addresses")


def assets(account: AccountConfig, found: "Checkup") -> Iterator[Finding]:
    """Check for margin other than the futures wallet's single asset."""
    check = f"assets mode {account.account}"
    if found.portfolio_margin:
        advice = "positions and orders of such an account are not where Albra looks: use another one"
        yield fail(check, "the account is in portfolio margin", advice)
    if found.credits:
        yield warn(
            check,
            f"the account is reckoned in {found.credits}",
            f"amounts in it count one for one as {LIMITS_CURRENCY}",
        )
    if found.multi_assets and account.margin_mode is MarginMode.ISOLATED:
        advice = "leave margin_mode out of the configuration, or switch to single-asset mode at the exchange"
        yield fail(check, "multi-assets mode, which has no isolated margin", advice)
    elif found.multi_assets:
        yield warn(
            check, "multi-assets mode", f"a loss is borne by every asset of the wallet; limits are in {LIMITS_CURRENCY}"
        )
    elif found.multi_assets is False and not (found.portfolio_margin or found.credits):
        yield ok(check, "single-asset mode")


def outside(name: str, found: "Checkup") -> Iterator[Finding]:
    """Report unsupervised positions, which can only be closed by hand."""
    if found.outside:
        held = ", ".join(f"{symbol} {output.rounded(quantity)} ({kind})" for symbol, quantity, kind in found.outside)
        advice = "close it by hand where it is not wanted; it counts as exposure and has no stop of Albra's"
        yield warn(f"not supervised {name}", held, advice)


def mode(account: AccountConfig, found: "Checkup") -> Iterator[Finding]:
    check = f"position mode {account.account}"
    if found.mode is None:
        yield warn(check, "the venue does not tell it", "try again later")
    elif found.mode is not account.position_mode:
        if account.sets_position_mode:
            yield warn(check, f"the account is in {found.mode}", "`albra run` switches it, where the account is flat")
            return
        advice = f"set position_mode: {found.mode}, or change it at the exchange while the account is flat"
        yield fail(check, f"the account is in {found.mode}, the configuration says {account.position_mode}", advice)
    else:
        yield ok(check, str(found.mode.value))

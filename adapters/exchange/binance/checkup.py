"""Read-only checks of one account at one venue, for `albra doctor`."""

from collections.abc import Mapping
from decimal import Decimal

from adapters.exchange import outcome as proof
from adapters.exchange.binance import calls
from adapters.exchange.binance.instruments import instruments, others
from adapters.exchange.binance.money import currency_of
from adapters.exchange.binance.normalize import any_position_row, position_mode
from adapters.exchange.outcome import Ask, Verdict, in_words
from adapters.exchange.rows import MalformedError, decimal_of, row_of, rows_of
from adapters.exchange.session import Session
from adapters.exchange.venue import Call, Checkup, KeyPermissions
from messages.types import PositionMode

KEY_PERMISSIONS = Call(method="GET", path="/sapi/v1/account/apiRestrictions")
"""The key's permissions ("Get API Key Permission", wallet). Served by api.binance.com only."""
PORTFOLIO_MARGIN = Call(method="GET", path="/sapi/v1/portfolio/account")
"""Succeeds for portfolio margin accounts only. Served by api.binance.com only."""
CREDITS = "BNFCR"
"""The asset that replaces stablecoins as margin in the European Union."""


async def checkup(session: Session, *, live: bool = True) -> Checkup:
    """Read the account's state at the venue; any answer ends in the result, none in an exception.

    `live`: the venue is the live exchange, which alone reports a key's permissions.
    """
    time = await session.sync_clock()
    if not isinstance(time, proof.Answered):
        return Checkup(unreachable=in_words(time))
    measured = session.offset
    config = await session.ask(Ask.READ, calls.ACCOUNT_CONFIG)
    account = await session.ask(Ask.READ, calls.ACCOUNT)
    # Another server of the same API may not know the first endpoint; its refusal does not concern the key.
    refused = "" if isinstance(config, proof.Answered) or isinstance(account, proof.Answered) else in_words(config)
    row = config.value if isinstance(config, proof.Answered) and isinstance(config.value, Mapping) else {}
    return Checkup(
        refused=refused,
        offset_ms=None if measured.bound_ms is None else measured.ahead_ms,
        round_trip_ms=2 * (measured.bound_ms or 0),
        can_trade=_flag(row, "canTrade"),
        mode=None if refused else _mode(await session.ask(Ask.READ, calls.POSITION_MODE)),
        available=_available(account),
        currency=_currency(account),
        multi_assets=_flag(row, "multiAssetsMargin"),
        credits=CREDITS if _in_credits(account) else "",
        portfolio_margin=not refused and live and _is_portfolio(await session.ask(Ask.READ, PORTFOLIO_MARGIN)),
        outside=() if refused else await _outside(session),
        permissions=None if refused or not live else _permissions(await session.ask(Ask.READ, KEY_PERMISSIONS)),
    )


def _mode(verdict: Verdict) -> PositionMode | None:
    try:
        return position_mode(verdict.value) if isinstance(verdict, proof.Answered) else None
    except MalformedError:
        return None


def _in_credits(verdict: Verdict) -> bool:
    """Return whether the account's balance of credits is not zero."""
    try:
        book = row_of(verdict.value, "account") if isinstance(verdict, proof.Answered) else {}
        rows = rows_of(book.get("assets", []), "assets")
        return any(row.get("asset") == CREDITS and decimal_of(row, "walletBalance", "0") for row in rows)
    except MalformedError:
        return False


def _is_portfolio(verdict: Verdict) -> bool:
    return isinstance(verdict, proof.Answered) and isinstance(verdict.value, Mapping) and "uniMMR" in verdict.value


async def _outside(session: Session) -> tuple[tuple[str, Decimal, str], ...]:
    """Return positions outside the perpetuals; empty when the read fails, since the supervisor reports that failure."""
    info = await session.ask(Ask.READ, calls.EXCHANGE_INFO)
    held = await session.ask(Ask.READ, calls.positions(None))
    if not isinstance(info, proof.Answered) or not isinstance(held, proof.Answered):
        return ()
    try:
        known = {each.symbol for each in instruments(info.value)}
        kinds = {each.symbol: each.kind for each in others(info.value)}
        rows = [row for each in rows_of(held.value, "positions") for row in any_position_row(each)]
    except MalformedError:
        return ()
    return tuple(
        (row.symbol, row.quantity, kinds.get(row.symbol, "not listed")) for row in rows if row.symbol not in known
    )


def _currency(verdict: Verdict) -> str:
    row = verdict.value if isinstance(verdict, proof.Answered) and isinstance(verdict.value, Mapping) else {}
    return currency_of(row)


def _available(verdict: Verdict) -> Decimal | None:
    try:
        row = row_of(verdict.value, "account") if isinstance(verdict, proof.Answered) else {}
        return decimal_of(row, "availableBalance")
    except MalformedError:
        return None


def _permissions(verdict: Verdict) -> KeyPermissions | None:
    if not isinstance(verdict, proof.Answered) or not isinstance(verdict.value, Mapping):
        return None
    return KeyPermissions(
        futures=_flag(verdict.value, "enableFutures"),
        withdrawals=_flag(verdict.value, "enableWithdrawals"),
        bound_to_addresses=_flag(verdict.value, "ipRestrict"),
    )


def _flag(row: Mapping[str, object], name: str) -> bool | None:
    value = row.get(name)
    return value if isinstance(value, bool) else None

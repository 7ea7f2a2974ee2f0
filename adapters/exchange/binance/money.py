"""Maps Binance's money rows to reports: the balance, and funding payments. Pure."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from adapters.exchange.binance.normalize import ZERO, of_another_kind, symbol_of
from adapters.exchange.rows import (
    NS_PER_MS,
    MalformedError,
    Row,
    decimal_of,
    id_of,
    instant_of,
    items_of,
    row_of,
    take,
    text_of,
)
from adapters.exchange.venue import Stamp
from messages.reports import BalanceReport, FundingReport
from messages.types import Symbol


def balance_report(value: object, stamp: Stamp, request_id: str) -> BalanceReport:
    """Map /fapi/v3/account. Totals are in USDT in single-asset mode, else the value of all assets in dollars."""
    row = row_of(value, "account")
    return BalanceReport(
        account=stamp.account,
        ts_init=stamp.ts_init,
        request_id=request_id,
        currency=currency_of(row),
        wallet=decimal_of(row, "totalWalletBalance"),
        available=decimal_of(row, "availableBalance"),
        unrealized_pnl=decimal_of(row, "totalUnrealizedProfit"),
    )


def currency_of(row: Row) -> str:
    """Return the currency of the totals: USDT when the USDT wallet equals the total; no field names it."""
    assets = row.get("assets")
    if row.get("multiAssetsMargin") is True:
        return "USD"
    if not isinstance(assets, list):
        return "USDT"
    wallets = {each.get("asset"): each.get("walletBalance") for each in assets if isinstance(each, dict)}
    total, own = row.get("totalWalletBalance"), wallets.get("USDT", "0")
    try:
        return "USDT" if Decimal(str(own)) == Decimal(str(total)) else "USD"
    except InvalidOperation:
        return "USD"


Payment = tuple[int, Symbol, str]
"""(time in ms, symbol, currency)."""


def funding_reports(value: object, stamp: Stamp) -> tuple[FundingReport, ...]:
    """Map FUNDING_FEE rows of /fapi/v1/income, oldest first; a symbol's legs at one time are one payment.

    A payment with an unreadable row is left out whole: a part of it would be booked, and the rest taken for another
    payment later. Overlapping pages may repeat a row.
    """
    found: dict[Payment, dict[str, Decimal]] = {}
    torn: set[tuple[object, object]] = set()
    for row in (each for each in items_of(value, "incomes") if isinstance(each, Mapping)):
        if of_another_kind(row.get("symbol")):
            continue
        try:
            if text_of(row, "incomeType") == "FUNDING_FEE":
                key = (instant_of(row, "time"), symbol_of(row, "symbol"), id_of(row, "asset"))
                take(found.setdefault(key, {}), id_of(row, "tranId"), decimal_of(row, "income"))
        except MalformedError:
            torn.add((str(row.get("time")), row.get("symbol") if isinstance(row.get("symbol"), str) else ""))
    return tuple(
        FundingReport(
            account=stamp.account,
            ts_event=time_ns,
            ts_init=stamp.ts_init,
            symbol=symbol,
            amount=sum(rows.values(), ZERO),
            currency=currency,
            payment_id=",".join(sorted(rows)),
        )
        for (time_ns, symbol, currency), rows in sorted(found.items())
        if (str(time_ns // NS_PER_MS), symbol) not in torn
    )

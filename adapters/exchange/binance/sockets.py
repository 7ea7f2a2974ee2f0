"""The sockets of Binance USDⓈ-M: the account's, opened by a listen key, and all symbols' mark prices."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from adapters.exchange.binance.events import unwrapped
from adapters.exchange.binance.normalize import mark_reports
from adapters.exchange.binance.transport import private_url
from adapters.exchange.outcome import Answered, Ask, Rejected, in_words
from adapters.exchange.session import Session
from adapters.exchange.stream import GapError
from adapters.exchange.venue import Call, Stamp
from adapters.secret import Secret
from messages.reports import MarkReport
from messages.types import Symbol
from messages.wording import Venue

MARKS = "!markPrice@arr@1s"
_LISTEN = Call(method="POST", path="/fapi/v1/listenKey")
_KEEP = Call(method="PUT", path="/fapi/v1/listenKey")


class UserSocket:
    """The account's socket. A listen key lives 60 minutes; each opening requests a new one, since the old may have
    failed.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._url = ""

    def owns(self, url: str) -> bool:
        return url == self._url

    @asynccontextmanager
    async def opened(self, form: int) -> AsyncIterator["asyncio.Future[Any]"]:
        listen_key = await self._listen_key()
        self._url = private_url(self._session.exchange, listen_key, form)
        try:
            async with self._session.socket(self._url) as ended:
                yield ended
        finally:
            self._url = ""

    async def keep(self) -> bool:
        await self._session.quiet()
        verdict = await self._session.ask(Ask.SETTING, _KEEP)
        if isinstance(verdict, Rejected):
            raise GapError(Venue.LISTEN_KEY_NOT_KEPT(answer=in_words(verdict)))
        return isinstance(verdict, Answered)

    async def _listen_key(self) -> str:
        await self._session.quiet()
        verdict = await self._session.ask(Ask.SETTING, _LISTEN)
        key = (
            verdict.value.get("listenKey")
            if isinstance(verdict, Answered) and isinstance(verdict.value, dict)
            else None
        )
        if not isinstance(key, str) or not key:
            raise GapError(Venue.NO_LISTEN_KEY(answer=in_words(verdict)))
        self._session.mask(Secret(key))
        return key


class Marks:
    """The role `adapters.exchange.venue.MarkPrices`."""

    def address(self, session: Session) -> tuple[str, Mapping[str, object]]:
        url: str = session.exchange.get_ws_url("linear", "market")
        return url, {"method": "SUBSCRIBE", "params": [MARKS], "id": 1}

    def reports(self, message: object, stamp: Stamp, wanted: Callable[[Symbol], bool]) -> Sequence[MarkReport] | None:
        value = unwrapped(message)
        if not isinstance(value, list):
            return None
        return mark_reports([row for row in value if isinstance(row, dict) and wanted(row.get("s", ""))], stamp)

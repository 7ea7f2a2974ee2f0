"""A ban of the address binds every account behind it; a limit of one account binds that one alone."""

from adapters.exchange.binance.codes import CODES
from adapters.exchange.neighbors import Neighbors
from adapters.exchange.outcome import Ask, NotExecuted, interpret
from messages.statement import verbatim


def test_who_is_told_to_be_quiet_tells_the_others_at_the_same_host_and_nobody_else() -> None:
    heard: list[tuple[str, int, str]] = []
    neighbors = Neighbors()
    for name, host in (("main", "fapi"), ("second", "fapi"), ("paper", "127.0.0.1:80"), ("gone", "fapi")):
        neighbors.join(name, host, lambda for_ms, cause, name=name: heard.append((name, for_ms, cause)))  # type: ignore[misc]
    neighbors.leave("gone")
    neighbors.tell("main", 5_000, verbatim("418"))
    assert heard == [("second", 5_000, "418")]
    neighbors.tell("gone", 5_000, verbatim("418"))
    assert len(heard) == 1


def test_a_ban_concerns_the_address_and_too_many_orders_the_account() -> None:
    def verdict(status: int, code: int) -> object:
        body = f'{{"code": {code}, "msg": "too many"}}'.encode()
        return interpret(Ask.SUBMIT, status, (), body, codes=CODES, client_order_id="ab1", now_ms=0)

    for status, code, alone in ((418, -1003, False), (429, -1003, False), (429, -1015, True)):
        found = verdict(status, code)
        assert isinstance(found, NotExecuted)
        assert (found.throttled, found.alone) == (True, alone)

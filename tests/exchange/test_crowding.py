"""How many accounts an address bears, in numbers that a user can act on."""

from pathlib import Path

import pytest

from actors.gateway.budget import Policy
from actors.gateway.lane import Lane
from adapters.config import Config, load_text
from adapters.exchange.crowding import crowds, readable

LIVE = "exchange: binanceusdm, api_key: key@, api_secret: secret@"


def config_of(*accounts: str, fast: int = 60) -> Config:
    text = "accounts:\n" + "".join(
        f"  a{number}: {{{each}}}\n".replace("@", str(number)) for number, each in enumerate(accounts)
    )
    text += f"phase2: {{reconciliation: {{check_intervals: {{fast: {fast}, normal: 300, slow: 3600}}}}}}\n"
    return load_text(text, Path("crowd.yaml"), {}).config


def test_the_arithmetic_is_the_gateways() -> None:
    for share, reserve in ((80, 25), (50, 10), (100, 50)):
        assert readable(share, reserve, 2_400) == Policy(share=share, reserve=reserve).ceiling(Lane.READING, 2_400)


def test_a_few_accounts_are_borne_and_forty_are_told_with_what_to_do() -> None:
    few, many = crowds(config_of(*[LIVE] * 6))[0], crowds(config_of(*[LIVE] * 40))[0]
    assert not few.too_many
    assert many.too_many
    assert "40 accounts behind one address" in many.found
    assert str(many.full_every_s) in many.advice


def test_accounts_with_a_proxy_of_their_own_and_other_venues_are_behind_other_addresses() -> None:
    proxied = f"{LIVE}, proxy: 'http://127.0.0.1:3128'"
    found = crowds(config_of(LIVE, proxied, f"{LIVE}, environment: demo", "exchange: paper"))
    assert [crowd.accounts for crowd in found] == [1, 1, 1, 1]


@pytest.mark.parametrize("accounts", [20, 40])
def test_an_address_bears_all_at_the_interval_that_is_advised(accounts: int) -> None:
    crowd = crowds(config_of(*[LIVE] * accounts))[0]
    relaxed = crowds(config_of(*[LIVE] * accounts, fast=crowd.full_every_s))[0]
    assert relaxed.full_every_s <= crowd.full_every_s * 1.2

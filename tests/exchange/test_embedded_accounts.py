"""Several accounts on the embedded paper venue: each has its own there, and one's trouble is not the other's."""

from pathlib import Path

import pytest

from adapters.cli.connection import venue_connection
from adapters.config import Config, load_text
from adapters.exchange.access import identity_of, settings_max_age_ms, settings_of
from adapters.exchange.settings import ExchangeSettings
from adapters.paper.embedded import embedded_venue
from adapters.paper.server import EmbeddedServer
from messages.reports import FillReport, OrderRejected, PositionsReport, StreamUp, VenueUp
from messages.requests import FetchPositions
from messages.types import PositionMode, RejectReason
from tests.exchange.desk_side import MAIN, Desk, adapter


def configured(path: Path, accounts: str) -> Config:
    text = f"storage: {{path: {path}}}\npaper: {{port: 0}}\naccounts: {accounts}"
    return load_text(text, path / "config.yaml", {}).config


def connections(config: Config, paper: EmbeddedServer | None) -> list[ExchangeSettings]:
    return [settings_of(account, paper) for account in config.accounts]


def positions(desk: Desk) -> PositionsReport:
    desk.venue.request(FetchPositions(account=MAIN, request_id="r"))
    return desk.ear.wait_for(PositionsReport)


def test_what_one_account_buys_the_other_does_not_hold_and_a_revoked_key_is_its_own_trouble(tmp_path: Path) -> None:
    config = configured(tmp_path, "{alpha: {}, beta: {}}")
    with embedded_venue(config) as paper:
        assert paper is not None
        alpha, beta = connections(config, paper)
        with adapter(alpha) as first, adapter(beta) as second:
            for desk in (first, second):
                desk.ear.wait_for(VenueUp)
                desk.ear.wait_for(StreamUp)
            first.submit()
            first.ear.wait_for(FillReport)
            assert (len(positions(first).positions), positions(second).positions) == (1, ())
            paper.tell("revoke", alpha.api_key.reveal())
            refused = first.submit()
            told = first.ear.wait_for(OrderRejected, lambda each: each.client_order_id == refused.client_order_id)
            assert told.reason is RejectReason.PERMISSION
            second.submit()
            second.ear.wait_for(FillReport)
            assert len(positions(second).positions) == 1


def test_hedge_mode_in_the_configuration_is_enough_for_a_flat_account_to_be_in_it(tmp_path: Path) -> None:
    config = configured(tmp_path, "{main: {position_mode: hedge}}")
    with embedded_venue(config) as paper, adapter(connections(config, paper)[0]) as desk:
        assert desk.ear.wait_for(VenueUp).position_mode is PositionMode.HEDGE


@pytest.mark.parametrize(
    ("account", "sets"),
    [
        ("{}", True),
        ("{position_mode: hedge}", True),
        ("{position_mode: hedge, set_position_mode: false}", False),
        ("{api_key: k, api_secret: s}", False),
        ("{api_key: k, api_secret: s, set_position_mode: true}", True),
        ("{api_key: k, api_secret: s, position_mode: hedge}", True),
        ("{api_key: k, api_secret: s, position_mode: hedge, set_position_mode: false}", False),
    ],
)
def test_only_what_the_owner_wrote_switches_an_account_that_is_not_ours(
    tmp_path: Path, account: str, *, sets: bool
) -> None:
    assert configured(tmp_path, f"{{main: {account}}}").accounts[0].sets_position_mode is sets


def test_settings_of_symbols_are_read_with_the_fast_interval_within_bounds() -> None:
    assert [settings_max_age_ms(ms) for ms in (1_000, 60_000, 900_000)] == [10_000, 60_000, 300_000]


@pytest.mark.parametrize(
    ("accounts", "first"), [("{main: {}}", "main"), ("{solo: {}}", "solo"), ("{b: {}, main: {}}", "main")]
)
def test_one_account_has_the_one_that_every_venue_begins_with(tmp_path: Path, accounts: str, first: str) -> None:
    config = configured(tmp_path, accounts)
    with embedded_venue(config) as paper:
        assert paper is not None
        for account in config.accounts:
            own = account.account != first
            assert (settings_of(account, paper).api_key.reveal() == paper.api_key) is not own
            assert identity_of(account, paper) == f"paper#{paper.identity}" + (f"/{account.account}" if own else "")


def test_accounts_are_there_again_after_a_restart_with_what_they_hold(tmp_path: Path) -> None:
    config = configured(tmp_path, "{alpha: {}, beta: {}}")
    with embedded_venue(config) as paper:
        assert paper is not None
        identities = [identity_of(account, paper) for account in config.accounts]
        with adapter(connections(config, paper)[1]) as desk:
            desk.ear.wait_for(VenueUp)
            desk.ear.wait_for(StreamUp)
            desk.submit()
            desk.ear.wait_for(FillReport)
    with embedded_venue(config) as paper:
        assert paper is not None
        assert [identity_of(account, paper) for account in config.accounts] == identities
        with adapter(connections(config, paper)[1]) as desk:
            desk.ear.wait_for(VenueUp)
            desk.ear.wait_for(StreamUp)
            assert len(positions(desk).positions) == 1


def test_commands_that_go_around_the_supervisor_reach_each_account_by_its_own_keys(tmp_path: Path) -> None:
    config = configured(tmp_path, "{alpha: {}, beta: {}}")
    keys = []
    for account in config.accounts:
        with venue_connection(config, account) as settings:
            keys.append(settings.api_key.reveal())
    assert keys == ["paper-key", "paper-key-beta"]

import json
import re
from decimal import Decimal

import pytest

from adapters.cli.reading import event_line
from messages.commands import CloseMatching, ClosePosition, ModifyPosition, OpenPosition, PauseOpenings
from messages.discrepancy_type import DiscrepancyType
from messages.operations import operations
from messages.reconciliation import Unproven
from messages.statement import places, verbatim, word
from messages.status import Concern, Level, Verdict, row, several
from messages.types import PositionId, PositionState, Silence
from messages.wording.status import Status
from tests.cli.conftest import Albra
from tests.control.fake_supervisor import FakeSupervisor, view

ID = "main.BTCUSDT.long.manual.1"


def test_open_prints_the_position_id_and_nothing_else(albra: Albra, supervisor: FakeSupervisor) -> None:
    ended = albra("open", "btc/usdt:usdt", "LONG", "0.010", "--stop-loss", "58000", "--leverage", "5")
    assert (ended.code, ended.out, ended.err) == (0, f"{ID}\n", "")
    [command] = supervisor.received
    assert isinstance(command, OpenPosition)
    assert (command.symbol, str(command.quantity), command.leverage) == ("BTCUSDT", "0.010", 5)
    assert command.expires_at_ns > 0


def test_open_as_json_is_one_document(albra: Albra, supervisor: FakeSupervisor) -> None:
    ended = albra("--json", "open", "BTCUSDT", "long", "0.01", "--command-id", "mine-1")
    assert ended.code == 0
    assert ended.document() == {"accepted": True, "command_id": "mine-1", "position_id": ID, "text": ""}


def test_a_repeated_command_id_has_one_effect(albra: Albra, supervisor: FakeSupervisor) -> None:
    for _ in range(2):
        assert albra("open", "BTCUSDT", "long", "0.01", "--command-id", "mine-1").out == f"{ID}\n"
    assert len(supervisor.views) == 1


def test_a_refused_opening_exits_4_with_the_reason(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.refusal = "limits.order_notional is 500, this opening is 600"
    ended = albra("open", "BTCUSDT", "long", "0.01", "--json")
    assert ended.code == 4
    assert ended.err == f"albra: {supervisor.refusal}\n"
    assert ended.document()["error"] == supervisor.refusal


def test_a_command_that_fails_inside_the_supervisor_has_an_unknown_outcome(
    albra: Albra, supervisor: FakeSupervisor
) -> None:
    def failing(command: object) -> None:
        raise RuntimeError("after it was handed over")

    supervisor.answer = failing  # type: ignore[method-assign]
    ended = albra("open", "BTCUSDT", "long", "0.01", "--json")
    assert ended.code == 6
    assert "an error of ours" in ended.document()["error"]
    assert ended.document()["command_id"]


def test_a_full_supervisor_exits_1_and_says_that_nothing_was_done(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.full = True
    ended = albra("open", "BTCUSDT", "long", "0.01", "--timeout", "1")
    assert ended.code == 1
    assert "nothing was done" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("open", "BTCUSDT", "long", "0.01", "--wait"), ("close", ID), ("modify", ID, "--stop-loss", "1"), ("pause",),
        ("reconcile",), ("positions",), ("status",), ("history", ID),
    ],
    ids=lambda arguments: arguments[0],
)  # fmt: skip
def test_a_queue_that_is_full_for_a_moment_is_asked_again(
    arguments: tuple[str, ...], albra: Albra, supervisor: FakeSupervisor
) -> None:
    supervisor.keep(view(1))
    supervisor.full_times = 2
    ended = albra(*arguments)
    assert (ended.code, ended.err) == (0, "")
    assert supervisor.full_times < 0


def test_positions_as_a_table_without_color_off_a_terminal(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    supervisor.keep(view(2, strategy="s2", state=PositionState.RECONCILING, in_doubt=True, stop_loss=None))
    ended = albra("positions")
    assert ended.code == 0
    golden = """\
position                    state         quantity    entry   mark    pnl  lev   stop  target  age
main.BTCUSDT.long.manual.1  ACTIVE           0.010  60000.1  60100  0.999   5x  58000       -  AGE
main.BTCUSDT.long.s2.2      RECONCILING?     0.010  60000.1  60100  0.999   5x      -       -  AGE
"""
    assert re.sub(r"\d+d\d+h", "AGE", ended.out) == golden


def test_a_trailing_stop_is_a_stop_in_the_table_too(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1, stop_loss=None, trailing=Decimal("1.5")))
    assert "1.5%" in albra("positions").out


def test_positions_as_json_are_rows_with_numbers_as_strings(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    supervisor.keep(view(2, strategy="s2", state=PositionState.CLOSED))
    [row] = albra("positions", "--json").document()
    assert (row["position_id"], row["quantity"], row["entry_price"]) == (ID, "0.010", "60000.1")
    assert len(albra("positions", "--all", "--json").document()) == 2


def test_no_positions_are_said_in_words_and_as_an_empty_list(albra: Albra, supervisor: FakeSupervisor) -> None:
    assert albra("positions").out == "no live positions\n"
    assert albra("positions", "--json").document() == []


def test_history_tells_each_event_in_a_line(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    golden = (
        "2025-06-15 15:06:40.123Z  CloseRequested        command_id=c1 goal_quantity=0 why='asked by a human'\n"
        "2025-06-15 15:06:40.124Z  StateChanged          before=ACTIVE after=CLOSING because=close\n"
    )
    assert albra("history", ID).out == golden
    assert [event["type"] for event in albra("history", ID, "--json").document()] == ["CloseRequested", "StateChanged"]


def test_history_shows_money_with_its_currency() -> None:
    header = {"type": "OrderFilled", "ts_init": "1750000000123456789"}
    worth = {"type": "Worth", "quote": "USDT", "rate": "1", "value": "0.3"}
    fee = {"type": "Fee", "amount": "0.0005", "currency": "BNB", "worth": worth}
    event = {**header, "worth": worth, "fees": [fee]}
    assert event_line(event).endswith("worth='0.3 USDT' fees='0.0005 BNB worth 0.3 USDT'")
    unknown = {**header, "worth": {"quote": "USDT", "rate": None, "value": None}}
    assert event_line(unknown).endswith("worth=unknown")


QUARANTINED = (PositionId(ID), Silence.QUARANTINED, verbatim("its actor is quarantined: ValueError"))
DAMAGED = (PositionId("main.ETHUSDT.short.grid.2"), Silence.DAMAGED, verbatim("its history is damaged: a checksum"))


def test_positions_that_cannot_say_what_they_hold_are_rows(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    supervisor.broken = (QUARANTINED, DAMAGED)
    golden = """\
position                    state        quantity    entry   mark    pnl  lev   stop  target  age
main.BTCUSDT.long.manual.1  QUARANTINED     0.010  60000.1  60100  0.999   5x  58000       -  AGE
main.ETHUSDT.short.grid.2   DAMAGED             -        -      -      -    -      -       -  -
main.BTCUSDT.long.manual.1: its actor is quarantined: ValueError
main.ETHUSDT.short.grid.2: its history is damaged: a checksum
"""
    assert re.sub(r"\d+d\d+h", "AGE", albra("positions").out) == golden
    rows = albra("positions", "--all", "--json").document()
    assert [row["state"] for row in rows] == ["QUARANTINED", "DAMAGED"]


def test_what_cannot_say_what_it_holds_is_not_waited_for(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    supervisor.broken = (QUARANTINED, DAMAGED)
    for command in (["close", ID, "--wait"], ["close", "--all", "--yes", "--wait"]):
        ended = albra(*command)
        assert ended.code == 6
        assert f"{ID} QUARANTINED" in ended.err or "main.ETHUSDT.short.grid.2 DAMAGED" in ended.err
        assert ended.err.endswith("; look at the venue; albra flatten --break-glass closes there\n")
    supervisor.broken = (DAMAGED,)
    supervisor.keep(view(2, strategy="stays"))
    ended = albra("close", "--all", "--yes", "--wait", "--timeout", "0.5")
    assert "close --all: " in ended.err
    assert "flatten --break-glass" in ended.err


def test_history_of_an_unknown_position_exits_4(albra: Albra, supervisor: FakeSupervisor) -> None:
    ended = albra("history", "main.BTCUSDT.long.manual.9")
    assert ended.code == 4
    assert "no position main.BTCUSDT.long.manual.9" in ended.err


def test_status_tells_its_sections(albra: Albra, supervisor: FakeSupervisor) -> None:
    main = Status.ACCOUNT(name="main")
    supervisor.status_rows = (
        row(main, Status.STREAM, Status.DOWN()),
        row(main, Status.BUDGET, several([Status.USED(kind=word("weight"), used=3, most=2_400, seconds=60)])),
        row(main, Status.THROTTLED),
        row(main, Status.REACHABLE, Status.NO()),
    )
    reason = Status.OF_ROW(section=main, name=Status.STREAM(), value=Status.DOWN())
    concern = Concern(
        level=Level.LOOK, section=main, name=Status.STREAM(), reason=reason, since_ns=1_700_000_000 * 10**9
    )
    supervisor.verdict = Verdict(level=Level.LOOK, concerns=(concern,))
    assert albra("status").out == (
        "LOOK\n"
        "  LOOK  account main, stream: down (since 2023-11-14T22:13:20.000000Z)\n"
        "positions\n"
        "  live             0\n"
        "account main\n"
        "  stream           down\n"
        "  budget           weight 3 of 2400 in 60 s\n"
        "  throttled until  -\n"
        "  reachable        no\n"
    )
    told = albra("status", "--json").document()
    assert told["positions"] == {"live": 0}
    assert told["account main"]["budget"] == [{"kind": "weight", "used": 3, "most": 2_400, "seconds": 60}]
    assert told["verdict"]["level"] == "LOOK"


def test_the_figures_of_a_value_say_which_sentence_they_fill() -> None:
    """The terminal has the figures alone; reasons of the verdict come with their text."""
    found = [places(each.value) for each in Status if places(each.value) and "position" not in places(each.value)]
    assert len(found) == len(set(found)) > 15


def test_close_by_symbol_by_id_and_in_part(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    assert albra("close", "btcusdt", "--percent", "50").out == f"closing {ID}\n"
    assert albra("close", ID, "--json").document()["position_id"] == ID
    closes = [message for message in supervisor.received if isinstance(message, ClosePosition | CloseMatching)]
    assert [str(close.percent) for close in closes] == ["50", "None"]


def test_a_close_names_a_side_and_a_quantity_as_the_api_does(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    assert albra("close", "BTCUSDT", "--side", "long", "--quantity", "0.004").code == 0
    close = next(message for message in supervisor.received if isinstance(message, CloseMatching))
    assert (close.side, str(close.quantity), close.percent) == ("long", "0.004", None)
    assert albra("close", "--all", "--yes", "--quantity", "1").code == 2
    assert albra("close", ID, "--quantity", "1", "--percent", "40").code == 2


def test_close_of_several_matches_exits_4_and_names_them(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    supervisor.keep(view(2, strategy="s2"))
    ended = albra("close", "BTCUSDT")
    assert ended.code == 4
    assert ID in ended.err
    assert "main.BTCUSDT.long.s2.2" in ended.err


def test_close_all_without_yes_is_a_usage_error_where_nobody_can_confirm(
    albra: Albra, supervisor: FakeSupervisor
) -> None:
    ended = albra("close", "--all", stdin="close all\n")
    assert ended.code == 2
    assert "--yes" in ended.err
    assert supervisor.received == []


def test_close_all_with_yes_closes_and_waits_where_asked(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    assert albra("close", "--all", "--yes", "--wait").out == "every position is closed\n"
    assert supervisor.views[view(1).position_id].state is PositionState.CLOSED


def test_modify_moves_and_removes(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    assert albra("modify", ID, "--stop-loss", "59000.5", "--take-profit", "0").code == 0
    [command] = supervisor.received
    assert isinstance(command, ModifyPosition)
    assert (str(command.stop_loss), str(command.take_profit)) == ("59000.5", "0")
    ended = albra("modify", ID)
    assert ended.code == 2
    assert "stop_loss, take_profit or trailing" in ended.err


def test_modify_adds_levers_and_trails(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    assert albra("modify", ID, "--add", "0.5", "--leverage", "5", "--trailing", "1.5").code == 0
    [command] = supervisor.received
    assert isinstance(command, ModifyPosition)
    assert (str(command.add), command.leverage, str(command.trailing)) == ("0.5", 5, "1.5")
    assert command.expires_at_ns
    assert albra("modify", ID, "--trailing", "50").code == 2


def test_assign_prints_what_the_position_is_called_then(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    ended = albra("assign", ID, "trend")
    assert (ended.code, ended.out) == (0, "main.BTCUSDT.long.trend.2\n")
    assert albra("assign", ID, "no good name").code == 2
    assert albra("assign", "main.BTCUSDT.long.manual.9", "trend").code == 4


def test_pause_and_resume_say_what_they_held(albra: Albra, supervisor: FakeSupervisor) -> None:
    assert albra("pause").out == "paused all openings\n"
    assert albra("resume", "btcusdt").out == "resumed BTCUSDT\n"
    assert isinstance(supervisor.received[0], PauseOpenings)
    assert albra("pause", "--account", "main").out == "paused openings of account main\n"
    of_account = supervisor.received[-1]
    assert isinstance(of_account, PauseOpenings)
    assert (of_account.account, of_account.symbol) == ("main", None)


@pytest.mark.parametrize(
    "arguments",
    [
        ("open", "BTCUSDT", "long"),
        ("open", "BTCUSDT", "up", "1"),
        ("open", "BTC", "long", "1"),
        ("open", "BTCUSDT", "long", "nan"),
        ("open", "BTCUSDT", "long", "-1"),
        ("open", "BTCUSDT", "long", "1e5"),
        ("open", "BTCUSDT", "long", "1", "--leverage", "0"),
        ("open", "BTCUSDT", "long", "1", "--limit", "inf"),
        ("open", "BTCUSDT", "long", "1", "--stop", "1"),
        ("close",),
        ("close", "BTCUSDT", "--percent", "101"),
        ("close", "BTCUSDT", "--all", "--yes"),
        ("close", "main.BTCUSDT.up.x.1"),
        ("history",),
        ("frob",),
        ("logs", "--since", "1y"),
        ("logs", "--level", "loud"),
        ("paper", "--port", "70000"),
        ("config",),
    ],
)
def test_bad_usage_exits_2_with_one_line_and_sends_nothing(
    albra: Albra, supervisor: FakeSupervisor, arguments: tuple[str, ...]
) -> None:
    ended = albra(*arguments, "--json")
    assert ended.code == 2
    assert ended.err.startswith("albra: ")
    assert ended.err.count("\n") == 1
    assert ended.document()["error"] == ended.err.removeprefix("albra: ").rstrip("\n")
    assert supervisor.received == []


@pytest.mark.parametrize(
    ("command", "guess"),
    [
        (("close", "BTCUSTD"), "no open position matches BTCUSTD; did you mean BTCUSDT?"),
        (("close", "BTCUSDT", "--strategy", "manaul"), "matches strategy manaul; did you mean manual?"),
        (("close", "BTCUSDT", "--account", "mian"), "matches account mian; did you mean main?"),
        (("close", "ETHUSDT"), "main.ETHUSDT.short.grid.2 is DAMAGED: its history is damaged"),
        (("flatten", "--break-glass", "--account", "mian"), "no account mian in the configuration, only main; did you"),
    ],
)
def test_a_name_that_there_is_not_exits_4_with_what_may_be_meant(
    albra: Albra, supervisor: FakeSupervisor, command: tuple[str, ...], guess: str
) -> None:
    supervisor.keep(view(1))
    supervisor.broken = (DAMAGED,)
    ended = albra(*command)
    assert ended.code == 4
    assert guess in ended.err
    assert not any(isinstance(each, ClosePosition) for each in supervisor.received)


@pytest.mark.parametrize("more", [(), ("--wait",), ("--json",), ("--json", "--wait")])
def test_an_opening_whose_position_is_not_known_any_more_exits_6_and_says_so(
    albra: Albra, supervisor: FakeSupervisor, more: tuple[str, ...]
) -> None:
    supervisor.nameless = True
    ended = albra("open", "BTCUSDT", "long", "0.01", "--command-id", "k1", *more)
    assert ended.code == 6
    assert ended.err.startswith("albra: open: that was carried out before; of which position is not known here")
    assert "None" not in ended.out
    if "--json" in more:
        assert ended.document()["command_id"] == "k1"


def test_without_a_command_help_is_shown_and_it_is_a_usage_error(albra: Albra) -> None:
    ended = albra()
    assert (ended.code, ended.out) == (2, "")
    said = " ".join(ended.err.split())
    missing = [each.name for each in operations().values() if each.terminal and each.summary not in said]
    assert missing == []


def test_help_and_version_exit_0(albra: Albra) -> None:
    assert albra("--help").code == 0
    assert "QTY" in albra("open", "--help").out
    assert albra("--version").out.startswith("albra ")


def test_without_a_supervisor_every_command_exits_3_and_says_how_to_start_one(albra: Albra) -> None:
    for arguments in (
        ("positions",),
        ("status",),
        ("open", "BTCUSDT", "long", "1", "--wait"),
        ("close", "--all", "--yes"),
    ):
        ended = albra(*arguments)
        assert (ended.code, "start one with `albra run`" in ended.err) == (3, True)


def test_an_address_left_over_from_a_dead_process_is_no_supervisor(albra: Albra) -> None:
    gone = albra.start("--version")
    gone.wait()
    gone.communicate()
    address = {"host": "127.0.0.1", "port": 9, "pid": gone.pid, "token_path": str(albra.storage / "control.token")}
    (albra.storage / "control.json").write_text(json.dumps(address))
    ended = albra("positions")
    assert ended.code == 3
    assert "left over" in ended.err
    (albra.storage / "control.json").write_text("{torn")
    assert albra("positions").code == 3


def test_an_invalid_configuration_exits_5_with_every_problem(albra: Albra) -> None:
    (albra.directory / "config.yaml").write_text("langage: en\nphase2: {enabled: 7}\n")
    for arguments in (("positions",), ("config", "check"), ("config", "show"), ("run",), ("journal", "rekey")):
        ended = albra(*arguments)
        assert ended.code == 5
        assert ended.err.splitlines() == [
            "albra: config.yaml:1: langage: expected a known key, found 'langage' (did you mean language?)",
            "albra: config.yaml:2: phase2.enabled: expected true or false, found '7'",
        ]
    document = albra("config", "check", "--json").document()
    assert [problem["path"] for problem in document["problems"]] == ["langage", "phase2.enabled"]


WRONG_ELSEWHERE = {
    "an unknown key": "nonsense: 1",
    "a level": "log: {level: LOUD}",
    "a language": "language: fr",
    "a limit": "limits: {order_notional: banana}",
    "a list for a group": "telegram: [1]",
    "a user": "telegram: {users: {me: owner}, languages: {me: ko}, timezones: {me: UTC}}",
    "hours": "telegram: {quiet_hours: '23:00-23:00'}",
    "a zone": "limits: {timezone: Nowhere/Never}",
    "a strategy without an account": "webhook: {strategies: {s: {secret: abcdefghijklmnopqr}}}",
    "an override": "phase2: {reconciliation: {overrides: {'!': {SIZE_MISMATCH: IGNORE}}}}",
}
ACCOUNTS = "accounts: {main: {exchange: paper}, other: {exchange: paper}, wrong: {timeout_ms: soon}, 'NO': {}}\n"


@pytest.mark.parametrize("what", list(WRONG_ELSEWHERE))
def test_what_closes_at_the_venue_goes_on_with_a_line_of_another_part_that_is_wrong(albra: Albra, what: str) -> None:
    text = f"storage: {{path: var}}\n{ACCOUNTS}{WRONG_ELSEWHERE[what]}\n"
    (albra.directory / "config.yaml").write_text(text)
    key = WRONG_ELSEWHERE[what].partition(":")[0]
    for command in (("positions", "--json"), ("close", "--all", "--yes")):
        assert albra(*command).code == 5
    flatten = albra("flatten", "--break-glass", "--account", "main")
    assert "asks for a confirmation" in flatten.err, "the configuration does not stop it"
    warning = next(line for line in flatten.err.splitlines() if f"config.yaml:3: {key}" in line)
    assert warning.endswith("; flatten goes on without it")
    assert albra("flatten", "--break-glass", "--account", "wrong", "--yes", "wrong").code == 5
    assert albra("config", "check").code == 5


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("accoutns: {main: {exchange: paper}}", ("flatten", "--break-glass", "--account", "main")),
        ("accounts: [main]", ("flatten", "--break-glass", "--account", "main")),
        ("accounts: {main: {exchnge: paper}}", ("flatten", "--break-glass", "--account", "main")),
        ("accounts: {main: {}, other: {timeout_ms: soon}}", ("flatten", "--break-glass")),
        ("paper: {seed: x}\naccounts: {main: {}}", ("flatten", "--break-glass", "--account", "main")),
        ("stroage: {path: elsewhere}", ("positions",)),
        ("storage: elsewhere", ("logs",)),
        ("storage: {path: []}", ("journal", "verify")),
        ("[1]", ("positions",)),
        ("a: [", ("flatten", "--break-glass", "--account", "main")),
    ],
)
def test_what_a_command_needs_has_to_be_right(albra: Albra, text: str, command: tuple[str, ...]) -> None:
    (albra.directory / "config.yaml").write_text(text)
    assert albra(*command).code == 5


SECRETS_ELSEWHERE = """
storage: {path: var}
accounts: {main: {api_key: "${NOWHERE_KEY}", api_secret: "${NOWHERE_SECRET}"}}
telegram: {enabled: true, token: "${NOWHERE_TOKEN}", users: {1: owner}}
notifier: {webhook: {url: "${NOWHERE_URL}"}}
"""


def test_keys_that_the_supervisor_has_need_not_be_in_every_terminal(albra: Albra, supervisor: FakeSupervisor) -> None:
    (albra.directory / "config.yaml").write_text(SECRETS_ELSEWHERE)
    assert albra("positions", "--json").code == 0
    assert albra("open", "BTCUSDT", "long", "0.01").code == 0
    for needs_them in (("config", "check"), ("run",), ("flatten", "--break-glass")):
        ended = albra(*needs_them)
        assert ended.code == 5
        assert "the environment variable NOWHERE_KEY" in ended.err
    ended = albra("doctor")
    assert ended.code == 1
    assert "accounts.main.api_key is not set here: the environment variable NOWHERE_KEY" in ended.out


def test_without_a_supervisor_a_missing_variable_is_what_is_wrong(albra: Albra) -> None:
    (albra.directory / "config.yaml").write_text(SECRETS_ELSEWHERE)
    ended = albra("positions")
    assert ended.code == 5
    assert "the environment variable NOWHERE_TOKEN" in ended.err


def test_a_storage_path_that_is_not_known_is_no_place_to_look_for_a_supervisor(albra: Albra) -> None:
    (albra.directory / "config.yaml").write_text('storage: {path: "${NOWHERE}"}')
    assert albra("positions").code == 5


def test_a_named_configuration_that_is_missing_exits_5(albra: Albra) -> None:
    assert albra("positions", "--config", "absent.yaml").code == 5
    albra.environment["ALBRA_CONFIG"] = "absent.yaml"
    assert albra("positions").code == 5


def test_config_show_masks_and_check_tells_where_accounts_trade(albra: Albra) -> None:
    text = "accounts:\n  main:\n    exchange: binanceusdm\n    api_key: ${KEY}\n    api_secret: hunter2\n"
    (albra.directory / "config.yaml").write_text(text)
    albra.environment["KEY"] = "hunter3"
    for arguments in (("config", "show"), ("config", "show", "--json"), ("config", "check")):
        ended = albra(*arguments)
        assert ended.code == 0
        assert "hunter" not in ended.out + ended.err
    assert albra("config", "check").out == "config.yaml: valid\naccount main: binanceusdm live\n"


def test_config_schema_needs_no_valid_configuration(albra: Albra) -> None:
    (albra.directory / "config.yaml").write_text("7")
    assert albra("config", "schema").document()["title"] == "Albra configuration"


def test_run_without_the_composition_root_says_so(albra: Albra) -> None:
    assert albra("run").code == 1


def test_a_check_that_could_not_read_everything_tells_what_it_has_and_fails(
    albra: Albra, supervisor: FakeSupervisor
) -> None:
    supervisor.unread = "main: its open orders could not be read: 400 -1000"
    supervisor.keep(view(1))
    told = albra("reconcile")
    assert (told.code, "checked 1" in told.out) == (1, True)
    assert "not everything was compared: main: its open orders could not be read" in told.err
    document = albra("reconcile", "--json").document()
    assert (document["checked"], document["failed"]) == (1, supervisor.unread)


def test_a_check_that_saw_a_difference_once_names_both_figures_and_fails(
    albra: Albra, supervisor: FakeSupervisor
) -> None:
    seen = {"account": "main", "symbol": "ETHUSDT", "believed": "short 0.5", "reported": "short 0.6"}
    supervisor.unproven = (Unproven(**seen, type=DiscrepancyType.SIZE_MISMATCH),)  # type: ignore[arg-type]
    supervisor.unread = "main: its open orders could not be read: the request budget is spent"
    told = albra("reconcile")
    assert told.code == 1
    assert "1 differs, not proven yet: ETHUSDT short 0.5 believed, short 0.6 at the venue" in told.out
    document = albra("reconcile", "--json").document()
    assert document["unproven"] == [{**seen, "type": "SIZE_MISMATCH"}]

import json
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
import yaml

from adapters.config import SCHEMA, ConfigError, Loaded, Secret, load, load_text, named_path, render
from adapters.exchange.binance.hosts import HOSTS
from adapters.secret import MASK
from messages.types import PositionMode

KEYS = {
    "BINANCE_API_KEY": "key-of-the-exchange",
    "BINANCE_API_SECRET": "secret-of-the-exchange",
    "TELEGRAM_TOKEN": "7:t",
}
WHOLE = """
phase2:
  enabled: true
  event_bus:
    max_queue_size: 1000   # bound of each mailbox
    worker_count: 3        # threads that run position actors
  reconciliation:
    check_intervals: {fast: 60, normal: 300, slow: 3600}
language: en
storage: {path: var}
accounts:
  main:
    exchange: binanceusdm
    api_key: ${BINANCE_API_KEY}
    api_secret: ${BINANCE_API_SECRET}
    base_url: null
    position_mode: hedge
    recv_window_ms: 3000
telegram:
  enabled: false
  token: ${TELEGRAM_TOKEN}
  api_base_url: https://api.telegram.org/bot
  users: {123456789: owner}
  chats: [123456789]
limits:
  order_notional: 5000
  symbol_exposure: 10000.50
  account_exposure: 50000
  openings_per_minute: 10
  daily_loss: 500
"""


def read(text: str, environment: dict[str, str] | None = None) -> Loaded:
    return load_text(text, Path("/etc/albra/c.yaml"), environment or {})


def problems(text: str, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        read(text, environment)
    return [str(problem) for problem in raised.value.problems]


def test_everything_the_interface_names_is_accepted_as_it_stands() -> None:
    config = read(WHOLE, KEYS).config
    account = config.accounts[0]
    assert config.phase2.event_bus.max_queue_size == 1000
    assert config.phase2.event_bus.worker_count == 3
    assert config.phase2.reconciliation.check_intervals.slow_ms == 3_600_000
    assert account.api_key is not None
    assert account.api_key.reveal() == KEYS["BINANCE_API_KEY"]
    assert (account.position_mode, account.embedded) == (PositionMode.HEDGE, False)
    assert config.telegram.users == ((123456789, "owner"),)
    assert config.telegram.chats == (123456789,)
    assert str(config.limits.symbol_exposure) == "10000.50"
    assert {secret.reveal() for secret in config.secrets()} == set(KEYS.values())


def test_no_file_at_the_default_path_means_one_account_on_the_embedded_paper_venue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = load(None, {}).config
    assert [(a.account, a.embedded) for a in config.accounts] == [("main", True)]
    assert config.storage.path == tmp_path / "var"
    assert config.protection.close_after_ms == 30_000
    assert config.source is None


def test_a_file_without_keys_has_the_same_values_as_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    built_in = load(None, {}).effective
    for text in ("", "phase2:\n", "accounts:\n", "# nothing\n", "phase2: {event_bus: }"):
        assert read(text).effective == built_in


def test_the_shipped_file_says_what_is_built_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = load(Path(__file__).parents[2] / "config.yaml", {}).effective
    monkeypatch.chdir(tmp_path)
    assert shipped == load(None, {}).effective


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml: expected a configuration file, found no such file"):
        load(tmp_path / "absent.yaml", {})


def test_the_option_overrides_the_environment() -> None:
    assert named_path("a.yaml", {"ALBRA_CONFIG": "b.yaml"}) == Path("a.yaml")
    assert named_path(None, {"ALBRA_CONFIG": "b.yaml"}) == Path("b.yaml")
    assert named_path(None, {}) is None


def test_the_storage_path_is_relative_to_the_file() -> None:
    assert read("storage: {path: data}").config.storage.path == Path("/etc/albra/data")
    assert read("storage: {path: /srv/albra}").config.storage.path == Path("/srv/albra")


def test_an_account_without_keys_trades_on_the_paper_venue() -> None:
    config = read("accounts: {a: {position_mode: hedge}, b: {exchange: paper}}").config
    assert [(a.account, a.exchange) for a in config.accounts] == [("a", "paper"), ("b", "paper")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("phase2:\n  enabeld: true", ("c.yaml:2: phase2.enabeld: expected a known key, found 'enabeld'"
         " (did you mean enabled?)")),
        ("zzz: 1", "c.yaml:1: zzz: expected a known key, found 'zzz' (known here: language, storage,"),
        ("a: 1\na: 2", "c.yaml:2: a: expected each key once, found a second 'a' (the first is in line 1)"),
        ("phase2: {enabled: yes}", "phase2.enabled: expected true or false, found 'yes'"),
        ("phase2: {enabled: 'true'}", "phase2.enabled: expected true or false, found the text 'true'"),
        ("phase2: [1]", "phase2: expected a mapping of keys, found a list"),
        ("phase2: {event_bus: {worker_count: 0}}", "worker_count: expected an integer from 1 up to 64, found '0'"),
        ("phase2: {event_bus: {worker_count: 1.5}}", "worker_count: expected an integer from 1 up to 64, found '1.5'"),
        ("phase2: {event_bus: {worker_count: null}}", "expected an integer from 1 up to 64, found nothing"),
        ("phase2: {event_bus: {max_queue_size: 010}}", "max_queue_size: expected an integer from 1"),
        ("phase2: {reconciliation: {check_intervals: {fast: 0}}}", "expected a number above 0 up to 86400, found '0'"),
        ("phase2: {reconciliation: {check_intervals: {fast: .inf}}}", "fast: expected a number above 0"),
        ("limits: {daily_loss: -1}", "limits.daily_loss: expected a number above 0, found '-1'"),
        ("limits: {daily_loss: nan}", "limits.daily_loss: expected a number above 0, found 'nan'"),
        ("limits: {daily_loss: 1e999}", "limits.daily_loss: expected a number above 0, found '1e999'"),
        ("accounts: {main: {exchange: binance}}", ("accounts.main.exchange: expected one of binanceusdm, paper, found"
         " 'binance' (did you mean binanceusdm?)")),
        ("accounts: {Main: {}}", "accounts.Main: expected 1 to 32 of a-z, 0-9 and _, found 'Main'"),
        ("accounts: {m: {base_url: ftp://x}}", "accounts.m.base_url: expected http://host[:port] or https://host[:port]"),
        ("accounts: {m: {api_key: k123}}", "accounts.m: expected api_secret beside api_key, found api_key alone"),
        ("accounts: {m: {base_url: http://h:1}}", "accounts.m: expected api_key and api_secret beside base_url"),
        ("accounts: {m: {exchange: paper, api_key: k, api_secret: s}}", "expected neither keys nor base_url"),
        ("accounts: {m: {api_key: k, api_secret: s}, n: {api_key: k, api_secret: t}}",
         "accounts.n.api_key: expected a key of its own, found the key of accounts.m"),
        ("telegram: {users: {bob: owner}}", "telegram.users.bob: expected a Telegram user id, found 'bob'"),
        ("telegram: {users: {1: boss}}", "telegram.users.1: expected one of owner, trader, viewer, found 'boss'"),
        ("telegram: {enabled: true}", "telegram: expected a token where enabled is true, found none"),
        ("telegram: {chats: [x]}", "telegram.chats[0]: expected an integer from"),
        ("control: {host: 0.0.0.0}", "control.host: expected one of 127.0.0.1, ::1, localhost, found '0.0.0.0'"),
        ("control: {port: 70000}", "control.port: expected an integer from 0 up to 65535, found '70000'"),
        ("? [1, 2]\n: 3", "c.yaml:1: expected a plain key, found a list"),
        ("- 1", "c.yaml:1: expected a mapping of keys, found a list"),
        ("a: [1", "expected valid YAML, found"),
        ("a: 1\n\tb: 2", "c.yaml:2: expected valid YAML, found"),
        ("a: 1\n---\nb: 2", "expected valid YAML, found but found another document"),
        ("a: !!python/object/apply:os.system [true]", "a: expected a known key"),
        ("storage: {path: !!python/name:os.system x}", "storage.path: expected text"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_line_key_expectation_and_finding(text: str, said: str) -> None:
    assert any(said in problem for problem in problems(text)), problems(text)


def test_every_problem_is_reported_and_in_the_order_of_the_file() -> None:
    text = "language: fr\nphase2:\n  event_bus: {worker_count: x}\nlimits: {daily_loss: 0}\ncontrol: 7\n"
    assert [problem.split(": ")[0] for problem in problems(text)] == [
        "/etc/albra/c.yaml:1", "/etc/albra/c.yaml:3", "/etc/albra/c.yaml:4", "/etc/albra/c.yaml:5",
    ]  # fmt: skip


def test_a_missing_variable_names_its_key() -> None:
    said = problems("accounts:\n  main:\n    api_key: ${NO_SUCH}\n    api_secret: s\n")
    assert said == [
        (
            "/etc/albra/c.yaml:3: accounts.main.api_key: expected the environment variable NO_SUCH,"
            " found none of that name (export it first)"
        )
    ]


def test_an_empty_variable_is_no_key() -> None:
    assert "found an empty one" in problems("telegram: {token: '${T}'}", {"T": ""})[0]


def test_a_variable_within_braces_is_told_to_be_quoted() -> None:
    assert "needs quotes" in problems("telegram: {token: ${T}}", {"T": "x"})[0]


def test_a_variable_may_stand_in_any_value_and_within_text() -> None:
    environment = {"PORT": "8123", "HOST": "venue"}
    text = "control: {port: '${PORT}'}"
    assert "found the text" in problems(text, environment)[0], "quoted it is text, as without a variable"
    config = read("control:\n  port: ${PORT}\nstorage:\n  path: /srv/${HOST}/x\n", environment).config
    assert (config.control.port, config.storage.path) == (8123, Path("/srv/venue/x"))


def test_numbers_keep_their_digits_and_are_never_floats() -> None:
    limits = read("limits: {order_notional: 0.1, daily_loss: 12_000.50}").config.limits
    assert limits.order_notional == Decimal("0.1")
    assert str(limits.daily_loss) == "12000.50"


def test_secrets_appear_in_no_repr_no_rendering_and_no_error() -> None:
    loaded = read(WHOLE, KEYS)
    shown = repr(loaded) + str(loaded.config) + f"{loaded.config.accounts[0].api_key}" + render(loaded.effective)
    assert not any(secret in shown for secret in KEYS.values())
    assert MASK in shown
    assert "hunter2" not in problems("telegram: {token: [hunter2]}")[0]
    assert "hunter2" not in problems("telegram: {token: !!bool hunter2}")[0]


def test_a_secret_does_not_travel_by_pickle() -> None:
    import pickle

    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret("x"))


def test_what_show_prints_loads_to_the_same_values() -> None:
    loaded = read(WHOLE, KEYS)
    again = read(render(loaded.effective).replace(MASK, KEYS["TELEGRAM_TOKEN"]))  # a mask is no token
    assert again.config.limits == loaded.config.limits
    assert again.config.phase2 == loaded.config.phase2
    assert again.config.telegram.users == loaded.config.telegram.users


@pytest.mark.parametrize(
    "token", ["not a tokenSECRET", "SECRET", "12:SECRET/x", "12:SECRET\\n", " 12:SECRET", ":SECRET"]
)
def test_a_bot_token_of_another_form_is_refused_and_not_shown(token: str) -> None:
    [problem] = problems(f'telegram: {{enabled: true, token: "{token}", users: {{1: owner}}, chats: [1]}}')
    assert "telegram.token: expected a bot token" in problem
    assert "SECRET" not in problem


def test_a_file_that_is_no_text_or_no_file_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"language: \xe9\n")
    with pytest.raises(ConfigError, match="expected UTF-8 text"):
        load(tmp_path / "latin.yaml", {})
    with pytest.raises(ConfigError, match="expected a readable file"):
        load(tmp_path, {})
    (tmp_path / "huge.yaml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigError, match="expected at most 1000000 bytes"):
        load(tmp_path / "huge.yaml", {})


def test_nesting_beyond_reason_is_an_error_not_a_crash() -> None:
    assert "nesting deeper than 50" in problems("a: " + "[" * 50_000)[0]


@pytest.mark.parametrize("text", ["", WHOLE, "limits: {daily_loss: 5}", "telegram: {chats: []}"])
def test_what_we_accept_the_json_schema_accepts(text: str) -> None:
    assert read(text, KEYS).config.accounts
    assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(_as_json(text))) == []


@pytest.mark.parametrize(
    "text",
    ["zzz: 1", "phase2: [1]", "phase2: {enabled: 3}", "control: {port: 70000}", "limits: {daily_loss: 0}",
     "accounts: {Main: {}}", "accounts: {m: {exchange: x}}", "telegram: {users: {1: boss}}", "log: {level: LOUD}",
     "phase2: {event_bus: {worker_count: null}}"],
)  # fmt: skip
def test_what_the_json_schema_refuses_we_refuse(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(_as_json(text))
    assert problems(text)


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    with pytest.raises(jsonschema.SchemaError):
        jsonschema.Draft202012Validator.check_schema({**SCHEMA, "type": "nonsense"})


def _as_json(text: str) -> object:
    return json.loads(json.dumps(yaml.safe_load(text) or {}))


def _one_key_at(one: str, other: str) -> str:
    keys = "api_key: k, api_secret: s"
    return f"accounts: {{m: {{base_url: '{one}', {keys}}}, n: {{base_url: '{other}', {keys}, environment: demo}}}}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://h:1", "http://h:1/"),
        ("http://h:1", "http://H:1"),
        ("http://h:1", "http://h.:1"),
        ("http://h:1", "https://h:1"),
        ("http://h", "http://h:80"),
        ("https://h:443/", "https://h"),
        ("http://127.0.0.1:1", "http://localhost:1/"),
        ("http://127.0.0.1:1", "http://LOCALHOST.:1"),
        ("http://127.0.0.1:1", "http://[::1]:1"),
        ("http://127.0.0.1:1", "http://127.0.0.2:1"),
        ("http://127.0.0.1:1", "http://[::ffff:127.0.0.1]:1"),
        ("https://fapi.binance.com", "https://FAPI.binance.com.:443/"),
    ],
)
def test_one_key_is_one_account_however_the_address_of_its_server_is_written(one: str, other: str) -> None:
    said = "accounts.n.api_key: expected a key of its own, found the key of accounts.m"
    assert any(said in problem for problem in problems(_one_key_at(one, other)))


@pytest.mark.parametrize("environment", ["live", "demo", "testnet"])
@pytest.mark.parametrize("order", [1, -1])
def test_the_exchanges_own_host_spelled_out_is_the_same_place_as_none(environment: str, order: int) -> None:
    host = next(host for host, each in HOSTS.homes.items() if each == environment)
    places = [f"environment: {environment}", f"base_url: https://{host}"][::order]
    keys = "exchange: binanceusdm, api_key: k, api_secret: s"
    rows = [f"{name}: {{{keys}, {place}}}" for name, place in zip("mn", places, strict=True)]
    said = "accounts.n.api_key: expected a key of its own, found the key of accounts.m"
    assert any(said in problem for problem in problems(f"accounts: {{{', '.join(rows)}}}"))


def test_one_key_in_two_environments_is_two_accounts() -> None:
    keys = "exchange: binanceusdm, api_key: k, api_secret: s"
    text = f"accounts: {{m: {{{keys}}}, n: {{{keys}, base_url: https://demo-fapi.binance.com}}}}"
    assert len(read(text).config.accounts) == 2


@pytest.mark.parametrize("other", ["http://h:2", "http://i:1", "http://127.0.0.1:1"])
def test_one_key_at_two_servers_is_two_accounts(other: str) -> None:
    assert len(read(_one_key_at("http://h:1", other)).config.accounts) == 2


@pytest.mark.parametrize("path", ["", "a\\0b", "a\\nb", "\\e[2J"])
def test_a_storage_path_that_names_no_directory_is_refused(path: str) -> None:
    assert any("storage.path: expected text" in problem for problem in problems(f'storage: {{path: "{path}"}}'))

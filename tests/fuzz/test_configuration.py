"""A configuration of any shape: read, or refused with problems that name a place; never a traceback, never a secret."""

import json
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.config import SCHEMA, Config, ConfigError, load_text, render
from tests.fuzz.strategies import ABSURD_NUMBERS, ANYTHING

FILE = Path("/somewhere/config.yaml")
KEYS = st.sampled_from(sorted(SCHEMA["properties"]))
SECRET = "S3cr3t-that-is-nobody's"


def as_yaml(value: Any) -> str:
    """JSON is YAML."""
    return json.dumps(value, default=str)


def loaded(text: str, environment: dict[str, str] | None = None) -> Config | ConfigError:
    try:
        found = load_text(text, FILE, environment or {})
    except ConfigError as error:
        assert error.problems
        assert all(0 < len(str(problem)) < 2_000 for problem in error.problems)
        return error
    assert render(found.effective)
    return found.config


def document(schema: Any) -> st.SearchStrategy[Any]:
    """Nearly what the schema wants."""
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    odd = ABSURD_NUMBERS | ANYTHING
    if "properties" in schema:
        return st.dictionaries(st.sampled_from(sorted(schema["properties"])), st.none(), max_size=3).flatmap(
            lambda chosen: st.fixed_dictionaries({key: document(schema["properties"][key]) for key in chosen})
        )
    if "additionalProperties" in schema and isinstance(schema["additionalProperties"], dict):
        names = st.sampled_from(["main", "second", "7", "BTCUSDT", "Bad Name", ""])
        return st.dictionaries(names, document(schema["additionalProperties"]), max_size=2)
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | odd
    if "integer" in kinds or "number" in kinds:
        return st.sampled_from([schema.get("minimum", 0), schema.get("maximum", 1), 0, -1, 10**20]) | odd
    return st.booleans() | odd | st.sampled_from(["${NAME}", "${", "${A B}", "x" * 300])


@given(text=st.text(max_size=200))
@example("a: &a [*a]")
@example("accounts: {main: &x {exchange: paper}, second: *x}")
@example("[" * 2_000)
@example("? {a: b}\n: c")
@example('storage: {path: "\\0"}')
@example("limits: {order_notional: 1e999}")
@example("!!python/object/apply:os.system [true]")
@example("telegram: {users: {99999999999999999999999: owner}}")
def test_any_text_is_a_configuration_or_refused(text: str) -> None:
    loaded(text)


@given(value=ANYTHING | st.dictionaries(KEYS, ANYTHING, max_size=4))
def test_any_document_is_a_configuration_or_refused(value: Any) -> None:
    loaded(as_yaml(value))


@given(value=document(SCHEMA))
def test_a_document_that_is_nearly_right_is_read_or_refused(value: Any) -> None:
    loaded(as_yaml(value), {"NAME": "5"})


@given(value=st.dictionaries(st.sampled_from(["main", "b"]), st.fixed_dictionaries({"api_key": ANYTHING}), max_size=2))
def test_no_refusal_shows_a_secret(value: Any) -> None:
    text = as_yaml({"accounts": value, "telegram": {"token": "${T}", "enabled": 7}})
    found = loaded(text, {"T": SECRET})
    assert SECRET not in str(found)
    assert SECRET not in repr(found)

"""The API describes itself: completely, validly, and as its parsers really read."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.control import wire
from adapters.control.routes import Routes
from adapters.control.server import ControlServer
from adapters.secret import Secret
from messages import fields
from messages.addresses import CONTROL
from messages.fields import KINDS, FieldError, Kind
from messages.operations import operations
from messages.reports import Outside, PositionsAnswer
from messages.requests import Reply
from messages.statement import verbatim
from messages.types import AccountId, CommandId, PositionId, Silence, Symbol
from messages.wording import Supervisor
from tests.control.description import DESCRIPTION, check, check_answer, operation, resolved
from tests.control.fake_supervisor import view

EVERY_FIELD = [(name, field) for name, operation in operations().items() for field in operation.parameters]
TEXTS = st.one_of(
    st.text(max_size=24),
    st.from_regex(r"[A-Za-z0-9/:._]{1,34}", fullmatch=True),
    st.from_regex(r"[0-9]{0,18}\.?[0-9]{0,20}", fullmatch=True),
    st.from_regex(r"[a-z]{1,4}\.[A-Z]{3,8}\.(long|short|both)\.\w{1,4}\.[0-9]{1,3}", fullmatch=True),
    st.sampled_from(["long", "SHORT", "BTC/USDT:USDT", "0", "0.0", "00.", "1e5", "-1", "1\n", ".5", "5."]),
)


def test_the_document_is_openapi_3_1_with_every_reference_leading_somewhere() -> None:
    assert re.fullmatch(r"3\.1\.\d+", DESCRIPTION["openapi"])
    assert {"title", "version"} <= set(DESCRIPTION["info"])
    assert json.loads(json.dumps(DESCRIPTION)) == DESCRIPTION
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(DESCRIPTION)):
        assert resolved({"$ref": reference}) is not None
    for schema in DESCRIPTION["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_operation_has_a_name_of_its_own_its_parameters_and_a_success() -> None:
    names = []
    for path, methods in DESCRIPTION["paths"].items():
        for operation_ in methods.values():
            names.append(operation_["operationId"])
            in_path = {row["name"] for row in operation_.get("parameters", ()) if row["in"] == "path"}
            assert in_path == set(re.findall(r"\{(\w+)\}", path)), path
            assert {"200", "101"} & set(operation_["responses"]), path
            for code, answer in operation_["responses"].items():
                assert resolved(answer)["description"], (path, code)
    assert len(names) == len(set(names))


def test_every_route_is_described_and_nothing_else_is(tmp_path: Path) -> None:
    server = ControlServer(storage=tmp_path, submit=lambda _: True, accounts=(AccountId("main"),))
    routes = Routes(
        pending=server._pending,
        listeners=server._listeners,
        token=Secret("t"),
        accounts=(),
        answer_timeout_s=1,
        health=dict,
    )
    served = set()
    for route in routes.application().router.routes():
        if route.method != "HEAD" and route.resource is not None:
            path = route.resource.canonical
            expanded = [path.replace("{name}", name) for name in operations()] if "{name}" in path else [path]
            served |= {(route.method.lower(), each) for each in expanded}
    server.stop()
    served.add(("post", "/v1/webhook/{strategy}"))  # on an address of its own
    assert served == {(method, path) for path, methods in DESCRIPTION["paths"].items() for method in methods}


@pytest.mark.parametrize("kind", KINDS.values(), ids=repr)
def test_an_example_of_each_kind_is_described_and_read(kind: Kind[Any]) -> None:
    check(kind.schema, kind.example)
    kind(kind.example)


@given(text=TEXTS.filter(lambda text: not text.endswith("\n")))  # where Python's `$` means something else
def test_a_text_is_described_exactly_when_it_is_read(text: str) -> None:
    for kind in KINDS.values():
        described = jsonschema.Draft202012Validator(kind.schema).is_valid(text)
        if kind in BOUNDED:  # a pattern says bounds clumsily: what it promises is read, and more is
            assert _reads(kind, text) or not described, (kind, text)
        elif not (described and ":" in text):  # what a pattern cannot say: the settlement coin is the quote coin
            assert described == _reads(kind, text), (kind, text)


BOUNDED = (
    fields.percent, fields.callback_rate, fields.callback_rate_or_zero, fields.leverage, fields.instant_ns,
    fields.how_many,
)  # fmt: skip


def _reads(kind: Kind[Any], text: str) -> bool:
    try:
        kind(text)
    except FieldError:
        return False
    return True


@pytest.mark.parametrize(("name", "field"), EVERY_FIELD)
def test_what_is_required_is_refused_when_missing_and_only_that(name: str, field: str) -> None:
    required = {each.name for each in operations()[name].required}
    body = {"command_id": "c", **{each.name: each.kind.example for each in operations()[name].required}}
    body.pop(field, None)
    schema = operation("POST", f"/v1/commands/{name}")["requestBody"]["content"]["application/json"]["schema"]
    assert jsonschema.Draft202012Validator(schema).is_valid(body) == (field not in required)
    if field in required:
        with pytest.raises(FieldError) as refused:
            wire.command(name, body, (AccountId("main"),), 0)
        assert refused.value.field == field


def test_an_answer_beside_the_description_is_noticed() -> None:
    accepted = {"accepted": True, "command_id": "c", "position_id": None, "text": ""}
    check_answer("POST", "/v1/commands/open", 200, accepted)
    with pytest.raises(jsonschema.ValidationError):
        check_answer("POST", "/v1/commands/open", 200, {**accepted, "price": 1.5})
    with pytest.raises(AssertionError):
        check_answer("POST", "/v1/commands/open", 418, accepted)
    with pytest.raises(AssertionError):
        check_answer("GET", "/v1/nothing", 200, {})


@pytest.mark.parametrize(
    ("accepted", "schema", "name"), [(True, "Accepted", "text_fact"), (False, "Error", "error_fact")]
)
def test_an_answer_with_facts_beside_its_text_is_as_described(*, accepted: bool, schema: str, name: str) -> None:
    text = Supervisor.HELD_BECAUSE(what=Supervisor.NO_RECONCILER(), why="a stranger's words")
    _, body = wire.reply(Reply(command_id=CommandId("c"), to=CONTROL, accepted=accepted, text=text))
    assert body[name]["code"] == "supervisor.held_because"
    check({"$ref": f"#/components/schemas/{schema}"}, body)


def test_every_row_of_the_list_is_as_described_whatever_is_known_of_it() -> None:
    outside = Outside(
        account=AccountId("main"), symbol=Symbol("ETHUSDT"), side=None, quantity=None, mark_price=None, kind="",
        since_ns=1,
    )  # fmt: skip
    damaged, retired = PositionId("main.BTCUSDT.long.manual.2"), PositionId("main.BTCUSDT.long.manual.3")
    answer = PositionsAnswer(
        command_id=CommandId("q"), to=CONTROL, views=(view(1),), outside=(outside,),
        silent=((damaged, Silence.DAMAGED, verbatim("its history is damaged")),),
        retired=((retired, verbatim("its owner has ended it")),),
    )  # fmt: skip
    rows = wire.positions(answer)
    assert [row["state"] for row in rows] == ["ACTIVE", "DAMAGED", "RETIRED", wire.NOT_SUPERVISED]
    for row in rows:
        check({"$ref": "#/components/schemas/Position"}, row)
        assert list(row) == [column.name for column in wire.POSITION]

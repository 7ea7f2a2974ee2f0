"""The control API held against its own description, on a real socket: each request made from it is answered as it says.

Generated are what the description allows and what it does not. What it allows for its form may be refused for its
meaning (409), so that acceptance is not asked for.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from adapters.control import openapi
from adapters.control.routes import PUBLIC
from adapters.control.server import ControlServer
from messages.types import AccountId
from tests.control.fake_supervisor import FakeSupervisor, view
from tests.fuzz.conftest import LONG

_CONFIG = schemathesis.Config.from_dict({"phases": {"coverage": {"enabled": bool(LONG)}}})
_DESCRIBED = schemathesis.openapi.from_dict(openapi.document(), config=_CONFIG)
SCHEMA = _DESCRIBED.exclude(path_regex="/v1/(events|webhook.*)$")
EXAMPLES = max(8, int(LONG or 0) // 10)
"""Each is two requests on a socket."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """Where it listens, and the header that opens it."""
    storage: Path = tmp_path_factory.mktemp("control")
    supervisor = FakeSupervisor()
    supervisor.keep(view())
    accounts = (AccountId("main"),)
    server = ControlServer(storage=storage, submit=supervisor.submit, accounts=accounts, answer_timeout_s=2)
    supervisor.deliver = server.deliver
    address = server.start()
    yield f"http://{address.host}:{address.port}", {"Authorization": f"Bearer {address.token()}"}
    server.stop()


@SCHEMA.parametrize()  # type: ignore[untyped-decorator, unused-ignore]
@settings(max_examples=EXAMPLES)
def test_every_answer_is_as_the_description_says(case: Case, api: tuple[str, dict[str, str]]) -> None:
    base_url, headers = api
    case.call_and_validate(base_url=base_url, headers=headers, checks=CHECKS)
    if case.path not in PUBLIC:
        assert case.call(base_url=base_url, headers={"Authorization": "Bearer wrong"}).status_code != 200

"""The control API's OpenAPI 3.1 document, served at GET /v1/openapi.json.

Requests are described from the tables that parse them. Answers are written here and tested against real ones.
"""

from collections.abc import Mapping
from typing import Any

from adapters.control import webhook, wire
from adapters.control.columns import Json, class_schema, schema_of
from messages import fields
from messages.commands import Reconcile
from messages.fields import Kind
from messages.operations import Operation, operations
from messages.reconciliation import Unproven
from messages.status import Level

VERSION = "1"
CODES = ("refused", "other_command", "not_ready", "busy", "unknown")
"""Codes of a command that is not accepted. The first two are final."""


def document() -> Json:
    """Return the OpenAPI document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Albra control API",
            "version": VERSION,
            "description": (
                "Loopback only. The address stands in control.json and the token in control.token, both under the"
                " storage path. Prices, quantities and money are strings in every answer. A command repeated with"
                " the same command_id has one effect: after a 504 or a lost answer, send it again."
            ),
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "security": [{"token": []}],
        "paths": {
            **_reads(),
            **_webhook(),
            **{f"/v1/commands/{each.name}": _command(each) for each in operations().values()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
            "responses": {
                name: {"description": text, "content": _json({"$ref": "#/components/schemas/Error"})}
                for name, text in _ERRORS.items()
            },
        },
    }


_ERRORS: Mapping[str, str] = {
    "400": "A field is missing, unknown or not what it should be: field, expected, found.",
    "401": "The token is missing or wrong.",
    "403": "The request comes from another page.",
    "404": "There is no such thing.",
    "408": "The body did not come in time.",
    "409": "Refused, for good: the text says why. Nothing was done, and under this command_id nothing ever is.",
    "413": "The body is too long.",
    "415": "The body is compressed, not UTF-8, or not said to be JSON.",
    "417": "The Expect header asks for what is not known here.",
    "421": "The Host header names another server.",
    "429": "Too much at once: try again later.",
    "500": "An error of ours.",
    "501": "Not part of this supervisor.",
    "503": "Not ready, busy or stopping (code): nothing was done; the same command_id may be asked again.",
    "504": "No answer in time, the outcome is unknown: repeat with the same command_id to learn it.",
}


_EVERY = ("403", "417", "421", "500")
_ACCEPTED = "Accepted: it is durable, and its effect follows."


def _command(operation: Operation) -> Json:
    required = {"command_id", *(each.name for each in operation.required)}
    known = {name: _described(kind) for name, kind in wire.COMMAND_ID.items()}
    known |= {each.name: _described(each.kind, each.help) for each in operation.parameters.values()}
    body = {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name in known if name in required],
        "properties": {name: schema if name in required else _optional(schema) for name, schema in known.items()},
    }
    checks = Reconcile in operation.classes
    schema = "Reconciled" if checks else "Accepted"
    text = "What was compared, and what it came to." if checks else _ACCEPTED
    answered = _answers(text, {"$ref": f"#/components/schemas/{schema}"})
    return {
        "post": {
            "operationId": operation.name,
            "summary": operation.summary[0].upper() + operation.summary[1:] + ".",
            "requestBody": {"required": True, "content": _json(body)},
            "responses": answered | _failures(*_EVERY, "400", "401", "408", "409", "413", "415", "503", "504"),
        }
    }


def _reads() -> dict[str, Json]:
    position = {"$ref": "#/components/schemas/Position"}
    one = [_parameter("position_id", "path", fields.position_id.schema)]
    return {
        "/v1/health": {
            "get": {
                "operationId": "health",
                "summary": "Whether the supervisor answers and all is well; needs no token.",
                "security": [],
                "responses": _answers("It answers.", {"$ref": "#/components/schemas/Health"})
                | _failures(*_EVERY, "400", "503"),
            }
        },
        "/v1/ready": {
            "get": {
                "operationId": "ready",
                "summary": "Whether openings are possible on every account; needs no token. The code says why not.",
                "security": [],
                "responses": _answers("They are.", {"$ref": "#/components/schemas/Ready"})
                | _failures(*_EVERY, "400")
                | {"503": {"description": "They are not.", "content": _json({"$ref": "#/components/schemas/Ready"})}},
            }
        },
        "/v1/openapi.json": {
            "get": {
                "operationId": "openapi",
                "summary": "This description; needs no token.",
                "security": [],
                "responses": _answers("This.", {"type": "object", "required": ["openapi", "paths"]})
                | _failures(*_EVERY, "400"),
            }
        },
        "/v1/positions": _read(
            "positions",
            "Live ones, oldest first.",
            {"type": "array", "items": position},
            _asked("/v1/positions"),
        ),
        "/v1/positions/{position_id}": _read("position", "One position, ended ones included.", position, one),
        "/v1/positions/{position_id}/history": _read(
            "history",
            "Every event of one position, oldest first.",
            {"type": "array", "items": {"$ref": "#/components/schemas/Event"}},
            one,
        ),
        "/v1/status": _read(
            "status",
            "Health of the whole: section, name, value. Values are numbers, booleans, words, moments or lists; the"
            " section `verdict` has the level (CALM, LOOK or ACT) and its reasons.",
            {"type": "object", "additionalProperties": {"type": "object"}},
        ),
        "/v1/discrepancies": _read(
            "discrepancies",
            "What belief and venue disagreed about, and what became of it.",
            {"type": "array", "items": {"$ref": "#/components/schemas/Discrepancy"}},
            _asked("/v1/discrepancies"),
        ),
        "/v1/events": {
            "get": {
                "operationId": "events",
                "summary": "A WebSocket: one JSON text for each position view, notice, mark, venue and stream change.",
                "description": (
                    'Each text is an Event. {"type": "Missed", "count": n} stands where a slow listener lost n.'
                    " A browser, which cannot set headers, offers the subprotocol `bearer.TOKEN`."
                ),
                "responses": {"101": {"description": "The stream begins."}} | _failures(*_EVERY, "400", "401", "503"),
            }
        },
    }  # fmt: skip


def _asked(path: str) -> list[Json]:
    texts = {"all": "closed, failed and canceled ones too"}
    return [_parameter(name, "query", kind.schema, texts.get(name, "")) for name, kind in wire.QUERIES[path].items()]


def _webhook() -> dict[str, Json]:
    text = {"type": "string"}
    known = {
        "secret": {**text, "description": "the strategy's, from webhook.strategies"},
        "id": {"type": ["string", "integer"], "description": "the alert's own: taken once"},
        "timestamp": {"type": ["string", "integer"], "description": "UTC, ISO 8601, or milliseconds since the epoch"},
        "action": {**text, "description": "buy opens a long, sell a short, close closes"},
        "symbol": {**text, "description": "as charts write it: BTCUSDT, BTCUSDT.P"},
        **{name: _optional(_described(kind)) for name, kind in webhook.FIELDS.items() if name != "symbol"},
    }
    body = {
        "type": "object",
        "additionalProperties": False,
        "required": ["secret", "id", "timestamp", "action", "symbol"],
        "properties": known,
    }
    operation = {
        "operationId": "webhook",
        "summary": "An alert of a chart service, on an address of its own (control.json: webhook).",
        "servers": [{"url": "http://127.0.0.1:{port}", "variables": {"port": {"default": "0"}}}],
        "security": [],
        "parameters": [_parameter("strategy", "path", fields.strategy.schema)],
        "requestBody": {"required": True, "content": _json(body)},
        "responses": _answers(_ACCEPTED, {"$ref": "#/components/schemas/Accepted"})
        | _failures("400", "401", "408", "409", "413", "415", "429", "500", "503", "504"),
    }
    return {"/v1/webhook/{strategy}": {"post": operation}}


def _read(name: str, summary: str, schema: Json, parameters: list[Json] | None = None) -> Json:
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            **({"parameters": parameters} if parameters else {}),
            "responses": _answers("As asked.", schema) | _failures(*_EVERY, "400", "401", "404", "503", "504"),
        }
    }


def _schemas() -> dict[str, Json]:
    text, count = {"type": "string"}, {"type": "integer", "minimum": 0}
    maybe_text = {"type": ["string", "null"]}
    instant = {"type": "string", "format": "date-time"}
    return {
        "Accepted": _object(
            {"accepted": {"const": True}, "command_id": text, "position_id": maybe_text, "text": text},
            text_fact={"$ref": "#/components/schemas/Fact"},
        ),
        "Reconciled": _open_object(
            {
                "accepted": {"const": True},
                "text": text,
                **dict.fromkeys(("checked", "discrepancies", "attempted", "succeeded"), count),
                "seconds": {"type": "number", "minimum": 0},
                "failed": maybe_text,
                "unproven": {"type": "array", "items": class_schema(Unproven)},
            }
        ),
        "Error": {
            "type": "object",
            "required": ["error"],
            "properties": {
                **dict.fromkeys(("error", "field", "expected", "found", "command_id"), text),
                "code": {"enum": list(CODES)},
                "error_fact": {"$ref": "#/components/schemas/Fact"},
            },
        },
        "Health": {
            "type": "object",
            "required": ["pid", "started"],
            "properties": {
                "status": {"enum": ["ok", "degraded"]},
                "verdict": {"enum": list(Level)},
                "troubles": {"type": "array", "items": text},
                "pid": count,
                "started": instant,
            },
        },
        "Ready": {
            "type": "object",
            "required": ["code"],
            "properties": {"ready": {"type": "boolean"}, "code": text, "error": text},
        },
        "Position": schema_of(wire.POSITION),
        "Fact": _object({"code": text, "args": {"type": "object"}}),
        "Event": {"type": "object", "required": ["type"], "properties": {"type": text}},
        "Discrepancy": schema_of(wire.DISCREPANCY),
    }


def _object(properties: Json, **optional: Json) -> Json:
    """Return the schema of an object with exactly these keys, `optional` ones may be missing."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": {**properties, **optional},
    }


def _open_object(properties: Json) -> Json:
    """Return the schema of an object with these keys; clients must accept additional ones of later versions."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _answers(text: str, schema: Json) -> Json:
    return {"200": {"description": text, "content": _json(schema)}}


def _failures(*codes: str) -> Json:
    return {code: {"$ref": f"#/components/responses/{code}"} for code in codes}


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _parameter(name: str, where: str, schema: Mapping[str, Any], text: str = "") -> Json:
    described = {"description": text} if text else {}
    return {"name": name, "in": where, "required": where == "path", **described, "schema": dict(schema)}


def _described(kind: Kind[Any], text: str = "") -> Json:
    """Return the schema of a kind of field; `text` describes its purpose."""
    schema = dict(kind.schema)
    return schema | {"description": f"{text}; {schema['description']}"} if text else schema


def _optional(schema: Json) -> Json:
    """Return the schema with null, which equals a missing key."""
    return {"anyOf": [{"type": "null"}, schema]}

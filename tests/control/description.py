"""Answers of the control API held against its own description of them."""

import json
import re
from typing import Any

import jsonschema
from aiohttp import web

from adapters.control import openapi

DESCRIPTION = openapi.document()
Violations = list[str]


def resolved(node: Any) -> Any:
    """The node itself, or what its `$ref` names. KeyError for a name that leads nowhere."""
    while isinstance(node, dict) and "$ref" in node:
        found: Any = DESCRIPTION
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def operation(method: str, path: str) -> Any:
    """What is described for a request; None where nothing is."""
    for template, methods in DESCRIPTION["paths"].items():
        pattern = re.sub(r"\\?\{[a-z_]+\\?\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in methods:
            return methods[method.lower()]
    return None


def check(schema: Any, value: Any) -> None:
    """Raises jsonschema.ValidationError. References go into the description."""
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    jsonschema.Draft202012Validator({**whole, "components": DESCRIPTION["components"]}).validate(value)


def check_answer(method: str, path: str, status: int, document: Any) -> None:
    """Raises AssertionError for an answer that is not described, ValidationError for one that is otherwise."""
    described = operation(method, path)
    assert described is not None, f"{method} {path} answered {status} and is not described"
    answer = resolved(described["responses"].get(str(status)))
    assert answer is not None, f"{method} {path} answered {status}, which is not described"
    check(answer["content"]["application/json"]["schema"], document)


def watching(violations: Violations) -> Any:
    """An outermost middleware that notes every JSON answer that the description does not allow."""

    @web.middleware
    async def watch(request: web.Request, handler: Any) -> web.StreamResponse:
        response: web.StreamResponse = await handler(request)
        undescribed = response.status in (401, 404, 405) and operation(request.method, request.path) is None
        if isinstance(response, web.Response) and not undescribed:
            try:
                check_answer(request.method, request.path, response.status, json.loads(response.text or ""))
            except (AssertionError, jsonschema.ValidationError) as error:
                violations.append(f"{request.method} {request.path}: {error}")
        return response

    return watch

"""Control servers that are started while this stands answer as described, or the test fails."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from adapters.control.routes import Routes
from tests.control.description import Violations, watching


@contextmanager
def described_answers() -> Iterator[None]:
    violations: Violations = []
    plain = Routes.application

    def watched(routes: Routes) -> web.Application:
        application = plain(routes)
        application.middlewares.insert(0, watching(violations))
        return application

    Routes.application = watched  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Routes.application = plain  # type: ignore[method-assign]
    assert not violations, violations

"""The adapter's own error; texts of an exchange library's errors count as outside text."""

from messages.statement import Statement


class AdapterError(Exception):
    """An error whose `cause` is a statement, for the report that answers the request."""

    def __init__(self, cause: Statement) -> None:
        super().__init__(cause)
        self.cause = cause

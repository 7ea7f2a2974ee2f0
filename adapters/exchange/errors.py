"""What the adapter raises of its own. The words of an exchange library's error are outside text."""

from messages.statement import Statement


class AdapterError(Exception):
    """An error whose `cause` is a statement, for the report that answers the request."""

    def __init__(self, cause: Statement) -> None:
        super().__init__(cause)
        self.cause = cause

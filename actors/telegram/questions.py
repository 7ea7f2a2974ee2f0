"""Questions to other actors: a pending request continues with all its answers, or at its deadline."""

from dataclasses import replace

from actors.language.words import Words
from actors.telegram.context import ChatContext
from actors.telegram.pending import PendingRequest
from actors.telegram.views import Page
from messages.addresses import SUPERVISOR, gateway_address
from messages.base import Message
from messages.commands import Command, ListPositions, ReadStatus
from messages.reconciliation import ListDiscrepancies
from messages.requests import FetchBalance
from messages.telegram import ReadLogs, Tick
from messages.types import AccountId, CommandId

ANSWER_NS = 4 * 1_000_000_000
DISCREPANCIES_MOST = 1_000
NO_ID = CommandId("")
"""Replaced when the question is sent."""


class Questions:
    """Maps questions to pending requests."""

    def __init__(self, ctx: ChatContext) -> None:
        self._ctx = ctx
        self._pending: dict[int, PendingRequest] = {}
        self._asked: dict[str, int] = {}

    def ask(self, pending: PendingRequest, *questions: Command, within_ns: int = ANSWER_NS) -> None:
        """Ask the supervisor. `pending.then` gets all answers, or those that came within `within_ns`."""
        key = self._open(pending)
        for question in questions:
            command_id = CommandId(f"tq-{self._ctx.actor.incarnation}-{self._ctx.number()}")
            self._expect(key, pending, command_id)
            sent = replace(question, command_id=command_id, reply_to=self._ctx.address)
            self._ctx.actor.tell(SUPERVISOR, sent)
        self._wait(key, pending, within_ns)

    def ask_balances(self, pending: PendingRequest, accounts: tuple[AccountId, ...]) -> None:
        """Ask the gateway of each account."""
        key = self._open(pending)
        for account in accounts:
            request_id = self._ctx.request_id("telegram/")
            self._expect(key, pending, request_id)
            question = FetchBalance(account=account, request_id=request_id, asked=True)
            self._ctx.actor.tell(gateway_address(account), question)
        self._wait(key, pending, ANSWER_NS)

    def ask_logs(self, pending: PendingRequest, count: int) -> None:
        """Ask the chat's adapter for log lines."""
        key = self._open(pending)
        request_id = self._ctx.request_id("logs-")
        self._expect(key, pending, request_id)
        self._ctx.chat.request(ReadLogs(request_id=request_id, reply_to=self._ctx.address, count=count))
        self._wait(key, pending, ANSWER_NS)

    def on_answer(self, question_id: str, answer: Message) -> None:
        key = self._asked.pop(question_id, 0)
        pending = self._pending.get(key)
        if pending is None:
            return  # too late, or for an earlier life
        pending.open.discard(question_id)
        pending.answers.append(answer)
        if not pending.open:
            self.complete(key)

    def complete(self, key: int) -> None:
        """Continue the request: every answer came, or the deadline passed."""
        pending = self._pending.pop(key, None)
        if pending is None:
            return
        self._ctx.actor.cancel(_topic(key))
        for question_id in pending.open:
            self._asked.pop(question_id, None)
        pending.then(pending)

    def _open(self, pending: PendingRequest) -> int:
        key = self._ctx.number()
        self._pending[key] = pending
        return key

    def _expect(self, key: int, pending: PendingRequest, question_id: str) -> None:
        pending.open.add(question_id)
        self._asked[question_id] = key

    def _wait(self, key: int, pending: PendingRequest, within_ns: int) -> None:
        if pending.open:
            self._ctx.actor.schedule(_topic(key), within_ns, Tick(topic=_topic(key)))
        else:
            self.complete(key)


def _topic(key: int) -> str:
    return f"task/{key}"


def no_answer(words: Words) -> Page:
    """Return the page for a missing answer of the supervisor."""
    return Page(text=words("The supervisor does not answer; it may be very busy. Try again."))


def positions() -> ListPositions:
    """Return the query of all positions, terminal ones included."""
    return ListPositions(command_id=NO_ID, terminal=True)


def discrepancies() -> ListDiscrepancies:
    """Return the query of all discrepancies, ended ones included."""
    return ListDiscrepancies(command_id=NO_ID, most=DISCREPANCIES_MOST)


def status() -> ReadStatus:
    return ReadStatus(command_id=NO_ID)

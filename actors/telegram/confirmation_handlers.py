"""Shows requests with effects before they are sent, and confirms them by a button."""

from dataclasses import replace

from actors.language.words import N_, escape
from actors.telegram import previews, views
from actors.telegram.audit import AuditLog
from actors.telegram.confirmations import LIFE_NS, Confirmation, Confirmations, Verdict, changed, moved_on
from actors.telegram.context import ChatContext, command_id_of
from actors.telegram.grammar import Request
from actors.telegram.messenger import Messenger
from actors.telegram.pending import ChatUser, PendingRequest
from actors.telegram.questions import Questions, discrepancies, positions
from actors.telegram.running_commands import RunningCommands, below
from actors.telegram.views import Page
from messages.operations import operations
from messages.telegram import IncomingPress, TextSent
from messages.text import shown

CHANGING = (*(name for name in operations() if name != "reconcile"), "ack")
"""Requests that require confirmation."""
_VERDICTS = {
    Verdict.UNKNOWN: N_("I was restarted since: this button does nothing any more. Look at /positions first."),
    Verdict.DECIDED: N_("That is decided already; the message says what became of it."),
    Verdict.NOT_YOURS: N_("Only who asked can confirm."),
    Verdict.EXPIRED: N_("Too late: confirmations live for a minute. Send the command again."),
    Verdict.CHANGED: N_("It has changed since. Send the command again."),
}


class ConfirmationHandlers:
    """Offers a confirmation for a request, and judges each press on its buttons."""

    def __init__(
        self,
        ctx: ChatContext,
        messenger: Messenger,
        questions: Questions,
        audit: AuditLog,
        running: RunningCommands,
    ) -> None:
        self._ctx = ctx
        self._messenger = messenger
        self._questions = questions
        self._audit = audit
        self._running = running
        self._confirmations = Confirmations()

    def on_request(self, pending: PendingRequest) -> None:
        pending.then = self.preview
        if pending.request.name == "ack":
            self._questions.ask(pending, discrepancies(), replace(positions(), terminal=False))
        else:
            marks_of = pending.request.symbol
            self._questions.ask(pending, replace(positions(), terminal=False, marks_of=marks_of))

    def preview(self, pending: PendingRequest) -> None:
        user = pending.user
        preview = previews.PreviewContext(
            words=user.words,
            command_id=command_id_of(pending.update_id),
            reply_to=self._ctx.address,
            accounts=self._ctx.settings.accounts,
            answer=pending.positions,
            divergences=pending.discrepancies.discrepancies if pending.discrepancies is not None else None,
        )
        made = previews.plan(pending.request, preview)
        if isinstance(made, Page):
            self._messenger.show(user, made)
            return
        # The update's number, so that no earlier life's button has another meaning.
        number = pending.update_id
        confirmation = Confirmation(
            number=number,
            user_id=user.user_id,
            chat_id=user.chat_id,
            message_id=0,
            expires_ns=self._ctx.monotonic_ns() + LIFE_NS,
            command=made.command,
            text=made.text,
            versions=made.versions,
            targets=made.targets,
            urgent=made.urgent,
            divergence=made.divergence,
        )
        self._confirmations = self._confirmations.offer(confirmation)

        def placed(sent: TextSent | None) -> None:
            if sent is not None:
                self._confirmations = self._confirmations.bind(number, sent.message_id)

        mark = "!" if made.urgent else ""
        buttons = views.choices(user.words, f"{mark}y:{number}", f"x:{number}")
        self._messenger.show(user, Page(text=made.text, buttons=buttons), then=placed)

    def on_cancel(self, update: IncomingPress, user: ChatUser, number: int) -> None:
        verdict, known = self._judge(update, user, number)
        if known is None or verdict is Verdict.NOT_YOURS:
            self._refuse(update, user, verdict)
            return
        self._confirmations = self._confirmations.without(number)
        self._audit.record(update, update.data, "canceled")
        self._messenger.end_press(update, shown(""))
        self._messenger.edit(user, known.message_id, Page(text=below(known.text, "❌", user.words("Canceled."))))

    def on_confirm(self, update: IncomingPress, user: ChatUser, number: int) -> None:
        verdict, known = self._judge(update, user, number)
        if known is None or verdict is not Verdict.GOOD:
            self._refuse(update, user, verdict, known)
            return
        # Used from here on: a second press finds no confirmation.
        self._confirmations = self._confirmations.without(number)
        if not known.versions and known.divergence is None:
            self._running.start(update, user, known)
            return
        self._audit.undecided.add(update.update_id)
        question = positions() if known.divergence is None else discrepancies()
        pending = PendingRequest(
            user=user, request=Request(name="position"), then=lambda found: self._verified(update, found, known)
        )
        self._questions.ask(pending, question)

    def _verified(self, update: IncomingPress, pending: PendingRequest, known: Confirmation) -> None:
        """Send the command if the shown state is unchanged; without an answer only an emergency continues."""
        user = pending.user
        self._audit.undecided.discard(update.update_id)
        if not pending.answers and not known.urgent:
            self._audit.record(update, update.data, "refused: no answer")
            self._messenger.end_press(update, user.words.plain("The supervisor does not answer."), alert=True)
            return
        found, listed = pending.positions, pending.discrepancies
        stale = listed is not None and moved_on(known, listed.discrepancies)
        if stale or (found is not None and changed(known, {view.position_id: view.version for view in found.views})):
            self._refuse(update, user, Verdict.CHANGED, known)
            return
        self._running.start(update, user, known)

    def _judge(self, update: IncomingPress, user: ChatUser, number: int) -> tuple[Verdict, Confirmation | None]:
        return self._confirmations.judge(
            number,
            user_id=user.user_id,
            chat_id=update.chat_id,
            message_id=update.message_id,
            now_ns=self._ctx.monotonic_ns(),
        )

    def _refuse(
        self, update: IncomingPress, user: ChatUser, verdict: Verdict, known: Confirmation | None = None
    ) -> None:
        said = user.words.plain(_VERDICTS[verdict])
        self._audit.record(update, update.data, f"refused: {verdict}")
        self._messenger.end_press(update, said, alert=True)
        if known is not None and verdict is not Verdict.NOT_YOURS:
            self._confirmations = self._confirmations.without(known.number)
            self._messenger.edit(user, known.message_id, Page(text=below(known.text, "⌛", escape(said))))

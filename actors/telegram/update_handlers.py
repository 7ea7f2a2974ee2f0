"""Handles updates of the chat: checks the sender, parses the request, and dispatches it."""

from actors.language.words import N_
from actors.telegram import views
from actors.telegram.audit import AuditLog
from actors.telegram.confirmation_handlers import CHANGING, ConfirmationHandlers
from actors.telegram.context import ChatContext, command_id_of
from actors.telegram.grammar import Refusal, Request, parse
from actors.telegram.messenger import Messenger
from actors.telegram.pending import ChatUser, PendingRequest
from actors.telegram.query_handlers import QueryHandlers
from actors.telegram.rate_limit import RateLimit, Recent
from actors.telegram.roles import ACKNOWLEDGE, LIFT_ALL, at_least, may
from actors.telegram.running_commands import LATE_NS
from actors.telegram.views import Page
from messages.addresses import NOTIFIER
from messages.journal import Effect
from messages.notices import AcknowledgeNotice
from messages.telegram import (
    Incoming,
    IncomingOther,
    IncomingPress,
    IncomingText,
    Role,
    UrgentPress,
    UrgentText,
)
from messages.text import shown

UNAUTHORIZED_LOGGED_A_MINUTE = 20
_LOOK_LIKE_COMMANDS = ("edit", "forwarded")
"""Updates that look like commands, whose user expects an answer."""


class UpdateHandlers:
    """Decides each update once, and records the decision."""

    def __init__(
        self,
        ctx: ChatContext,
        messenger: Messenger,
        audit: AuditLog,
        confirmations: ConfirmationHandlers,
        queries: QueryHandlers,
    ) -> None:
        self._ctx = ctx
        self._messenger = messenger
        self._audit = audit
        self._confirmations = confirmations
        self._queries = queries
        self._rate_limit = RateLimit()
        self._unauthorized = Recent(UNAUTHORIZED_LOGGED_A_MINUTE)

    def on_update(self, update: Incoming) -> None:
        if update.update_id in self._audit.undecided:
            return  # redelivered while undecided: not a second press
        if self._audit.taken(update):
            self._audit.release(update)
            return
        role = self._ctx.settings.access.role(update)
        if role is None:
            self._log_unauthorized(update)
            self._audit.release(update)
            return
        user = self._ctx.user(update.user_id, update.chat_id, role)
        if self._over_limit(update, user):
            return
        match update:
            case IncomingText():
                self._on_text(update, user)
            case IncomingPress():
                self._on_press(update, user)
            case IncomingOther():
                self._audit.record(update, "", f"not a command: {update.what}")
                if update.chat_id == update.user_id and update.what in _LOOK_LIKE_COMMANDS:
                    said = user.words("An edited or forwarded message is no command: write it again.")
                    self._messenger.show(user, Page(text=said))
            case _:
                self._audit.record(update, "", "not a command")

    def _log_unauthorized(self, update: Incoming) -> None:
        """Log an unauthorized update without answering; the rate of lines is limited."""
        if not self._unauthorized.takes(self._ctx.monotonic_ns()):
            return
        said = getattr(update, "text", "") or getattr(update, "data", "")
        self._ctx.log(
            "WARNING",
            "unauthorized user in the chat",
            actor="telegram",
            user=str(update.user_id),
            chat=str(update.chat_id),
            kind=update.chat_kind,
            text=said[:100],
        )

    def _over_limit(self, update: Incoming, user: ChatUser) -> bool:
        """Return whether an update exceeds the user's limit; the first excess is answered."""
        now_ns = self._ctx.monotonic_ns()
        urgent = isinstance(update, UrgentText | UrgentPress)
        if urgent or user.role is Role.OWNER or self._rate_limit.takes(user.user_id, now_ns):
            return False
        self._audit.release(update)
        if self._rate_limit.says_so(user.user_id, now_ns):
            text = user.words("That is too much at once: try again in a minute.")
            self._messenger.show(user, Page(text=text))
        return True

    def _on_text(self, update: IncomingText, user: ChatUser) -> None:
        words, said = user.words, parse(update.text, self._ctx.bot.bot_name)
        if said is None:
            self._audit.record(update, update.text, "no command")
            if update.chat_id == update.user_id:
                why = Refusal(name="", why=N_("That is no command."))
                self._messenger.show(user, views.refusal(words, why))
            return
        if isinstance(said, Refusal):
            self._audit.record(update, update.text, f"refused: {said.why.format(found=said.found)}")
            self._messenger.show(user, views.refusal(words, said))
            return
        if not _allowed(user, said):
            self._audit.record(update, update.text, f"refused: {user.role} may not")
            text = words("As {role} you may not do that.", role=words.plain(views.ROLES[user.role]))
            self._messenger.show(user, Page(text=text))
            return
        late_ns = self._ctx.now_ns() - update.sent_ns
        if said.name in CHANGING and late_ns > LATE_NS:
            self._audit.record(update, update.text, "refused: late")
            text = words(
                "That came {span} late and is not carried out. Send it again if you still want it.",
                span=words.span(late_ns),
            )
            self._messenger.show(user, Page(text=text))
            return
        self._audit.record(update, update.text, "taken")
        self._begin(user, said, 0, update.update_id)

    def _on_press(self, update: IncomingPress, user: ChatUser) -> None:
        kind, _, rest = update.data.removeprefix("!").partition(":")
        number = int(rest) if rest.isascii() and rest.isdigit() and len(rest) < 16 else 0
        if kind == "r":
            self._on_command_button(update, user, rest)
        elif kind == "n" and number and at_least(user.role, ACKNOWLEDGE):
            self._acknowledge(update, user, number)
        elif kind == "x" and number:
            self._confirmations.on_cancel(update, user, number)
        elif kind == "y" and number:
            self._confirmations.on_confirm(update, user, number)
        else:
            self._refuse_press(update, user)

    def _on_command_button(self, update: IncomingPress, user: ChatUser, text: str) -> None:
        request = parse(f"/{text}", "")
        if not isinstance(request, Request) or not _allowed(user, request):
            self._refuse_press(update, user)
            return
        self._audit.record(update, update.data, "taken")
        self._messenger.end_press(update, shown(""))
        # A page is turned in place; a request with effects is shown in a message of its own.
        place = 0 if request.name in (*CHANGING, "history", "position") else update.message_id
        self._begin(user, request, place, update.update_id)

    def _refuse_press(self, update: IncomingPress, user: ChatUser) -> None:
        self._audit.record(update, update.data, "refused")
        self._messenger.end_press(update, user.words.plain("You may not do that."))

    def _acknowledge(self, update: IncomingPress, user: ChatUser, number: int) -> None:
        command = AcknowledgeNotice(
            command_id=command_id_of(update.update_id),
            reply_to=self._ctx.address,
            number=number,
            user_id=user.user_id,
        )
        effect = Effect(to=NOTIFIER, message=command)
        self._audit.record(update, update.data, "acknowledged", effects=(effect,))
        self._messenger.end_press(update, user.words.plain("Acknowledged."))

    def _begin(self, user: ChatUser, request: Request, place: int, update_id: int) -> None:
        handler = self._confirmations if request.name in CHANGING else self._queries
        pending = PendingRequest(
            user=user, request=request, then=handler.on_request, message_id=place, update_id=update_id
        )
        handler.on_request(pending)


def _allowed(user: ChatUser, request: Request) -> bool:
    if request.name == "resume" and not request.names_position and request.symbol is None:
        return at_least(user.role, LIFT_ALL)
    return may(user.role, request.name)

"""The owner's chat: texts become commands or refusals, reports become texts, and confirmations make commands safe.

| module | does |
|---|---|
| actor | joins the stateful parts |
| update_handlers | checks the sender, and dispatches the request |
| query_handlers | requests without effects |
| confirmation_handlers | requests with effects: shown first, then confirmed |
| running_commands | confirmed commands, until their result is shown |
| audit | journals every update before its command is released |
| questions, messenger | talk to other actors, and to the chat |
| context, pending | shared types |
| grammar, previews | pure: text to request, request to command |
| confirmations, progress | pure: press to verdict, views to progress |
| roles, rate_limit, history | pure: permissions, limits, remembered updates |
| views, timeline, status_rows, names | pure: texts |
"""

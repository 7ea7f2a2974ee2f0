"""The owner's chat: text to command or refusal, report to text, and what makes a command safe.

`actor` joins the parts that carry:
    `update_handlers`        who may speak, what is asked for
    `query_handlers`         requests that change nothing
    `confirmation_handlers`  requests that change something: shown first, then confirmed
    `running_commands`       confirmed commands, until their end is shown
    `audit`                  every update in the journal, before its command leaves
    `questions`, `messenger` the other actors, and the chat
    `context`, `pending`     what all of them share

What decides is pure: `grammar` (text to request), `previews` (request to command), `confirmations` (a press to a
verdict), `progress` (views to the state of a command), `roles`, `rate_limit`, `history` (what is remembered); and what
makes texts: `views`, `timeline`, `status_rows`, `names`.
"""

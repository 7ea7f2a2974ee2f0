"""Texts of the notifier and the chat in each reader's language. Pure.

`words`: a reader's catalog, clock and number formats. `korean`: particles after a filled place. `markup`: HTML texts
split into messages that Telegram accepts.
"""

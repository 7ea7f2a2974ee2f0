"""What the notifier and the chat make their texts with, in each reader's language. Pure.

`words`: a reader's catalog and clock, figures as people read them. `korean`: the particles that follow a filled
place. `markup`: HTML texts cut into messages that Telegram takes.
"""

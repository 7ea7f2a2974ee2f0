"""The owner's chat: text to command or refusal, report to text, and what makes a command safe.

Pure parts: `grammar`, `views`, `roles`, `confirmations`, `words`, `markup`. The shell is `actor`.
"""

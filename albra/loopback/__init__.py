"""How another process of the same user finds the running supervisor and speaks to it. The standard library alone.

discovery     control.json, the token, and which process holds the data directory
private_file  which files are this user's alone
proof         a listener proves that it knows the token before the token is sent
transport     requests and the retries that are safe
websocket     the event stream
"""

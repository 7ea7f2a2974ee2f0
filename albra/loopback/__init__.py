"""Finds the running supervisor and talks to it from another process of the same user. The standard library alone.

| module | does |
|---|---|
| discovery | control.json, the token, and the process that holds the data directory |
| private_file | which files only this user can write |
| proof | a listener proves that it knows the token before the token is sent |
| transport | requests, and the retries that are safe |
| websocket | the event stream |
"""

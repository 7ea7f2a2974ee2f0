"""One position: its state, the machine that decides for it, and the actor that carries the machine's decisions out.

`machine.decide(position, message)` looks the cell up in `table`, lets the cell's rule (`wishes`, `rules`) record what
the message tells, lets `follow_up` intend whatever the position needs next, and derives the lifecycle state
(`lifecycle`) from what is now known. `fold` rebuilds a position from its events. Only `actor` knows pykka.
"""

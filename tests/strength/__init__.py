"""How strong the tests are, measured by chance: one random change of one place of a pure module at a time.

`make strength` draws the changes, and says of each whether the simulation alone catches it, and whether the tests do.
`operators` knows what may be changed, `drawn` which modules, `planted` loads a changed module in place of its file,
`trial` is one change against the simulation in a process of its own, `__main__` runs many.
"""

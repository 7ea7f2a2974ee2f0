"""The composition root: the only package that knows both actors and adapters. Importing it imports nothing.

__main__     the console script; what a command does not need is not imported
loopback     how another process finds the supervisor and speaks to it
client       for strategies: the running supervisor as a typed object, without a dependency or an import of ours
run          one supervisor process, from its signals to its end
process      what it opens, in order: lock, log, journal, actors, control API, chat, venues
core         every long-lived actor, in order
wiring       what each part is made from
recovery     what the journal knows -> what the actors start with
storage      the journal's bindings; notices of the disk, the log and of what others can read
venues       venue adapters, the embedded paper venue's keys
control      the control API and the live table
channels     the chat's and the second channel's adapters
gateway · notifier · telegram · reconciler · supervisor    settings and actor of each
status       rows of `albra status` that no actor knows
"""

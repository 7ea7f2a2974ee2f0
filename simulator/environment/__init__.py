"""What a process runs on: clock, event loop, disk, network, venue and chat of virtual time."""

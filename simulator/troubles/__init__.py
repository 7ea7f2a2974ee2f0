"""What befalls a position, in which state and at which moment, and whether it was met."""

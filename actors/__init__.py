"""Who says it: the actors and the runtime that runs them. Imports messages and pykka, never adapters."""

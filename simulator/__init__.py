"""The whole system under faults, on one seed: a safety phase, then a phase in which everything has to converge."""

"""What `make bench` measures: ratios within one run, because absolute figures belong to one machine."""

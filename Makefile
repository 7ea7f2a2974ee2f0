# A new machine needs Python 3.11, make, gcc and the package registry; everything else is installed here.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

SEEDS ?= 200
JOBS ?= $(shell nproc)
# More than cores: tests of real processes mostly wait for them.
WORKERS ?= 2
FUZZ_MINUTES ?= 10
CHANGES ?= 200
# Tests start hundreds of processes; without bytecode on the disk each compiles the sources again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run demo test test-fast lint bench bench-quick simulate mutants strength fuzz states lock clean

run: $(VENV)/.installed ## Start the supervisor; without an account in config.yaml it says so and trades on the embedded paper venue.
	$(BIN)/albra run

demo: $(VENV)/.installed ## Watch it for half a minute: positions open, one is altered by hand, a stop triggers, all close.
	$(BIN)/albra demo

test: lint ## Lint, types, import directions and every test.
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

test-fast: $(VENV)/.installed-test ## The tests of the cores and actors, in under a minute: what to run after each change.
	$(BIN)/pytest -n $(JOBS) -m unit

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-test ## Ratios measured in one run, with the machine, the versions, medians and spread.
	$(BIN)/python -m benchmarks

bench-quick: $(VENV)/.installed-test ## Every benchmark once, in a few minutes: whether each still ends. Fails where one breaks off.
	$(BIN)/python -m benchmarks --quick

simulate: $(VENV)/.installed-test ## The whole system on one seed, SEEDS times, under faults; `make simulate SEEDS=1000`.
	$(BIN)/albra simulate --seeds $(SEEDS) --jobs $(JOBS) --aim 20

mutants: $(VENV)/.installed-test ## Planted bugs, at most 400 seeds or 3 minutes each: what catches them, and after how many seeds.
	$(BIN)/python -m simulator.mutants

strength: $(VENV)/.installed-test ## Random changes of one place each: what the simulation alone catches, and what the tests do.
	$(BIN)/python -m tests.strength --count $(CHANGES)

fuzz: $(VENV)/.installed-test ## Fresh absurd input for every parser, as long as FUZZ_MINUTES; `make fuzz FUZZ_MINUTES=60`.
	$(BIN)/python -m tests.fuzz --minutes $(FUZZ_MINUTES)

states: $(VENV)/.installed ## Render docs/states.md from the position machine's table.
	$(BIN)/python -m actors.position.diagram > docs/states.md

$(VENV)/.created:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.installed: $(VENV)/.created requirements.lock setup.cfg
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed requirements-test.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-test.lock
	touch $@

# Versions and hashes of everything that is installed; after a change of setup.cfg, in a shell that has uv.
LOCK := uv pip compile setup.cfg --extra build --python $(BIN)/python --generate-hashes --no-header --no-emit-index-url

lock:
	$(LOCK) --quiet --output-file requirements.lock
	$(LOCK) --quiet --extra test --output-file requirements-test.lock

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The commands of the README. GNU make, on Linux and macOS; Python 3.11 or later.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# One more than there are cores, for much of a story is waiting; each runner has a PostgreSQL of its own.
RUNNERS = $(shell $(PYTHON) -c 'import os; print(min(8, (os.cpu_count() or 1) + 1))')
# Python compiles what it imports when it first does; pip would compile all that is there, which takes 40 s.
PIP = $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --no-input
# The pip of Python 3.11 takes half a minute longer than today's to read the index; either will do.
INSTALL = { $(PIP) --upgrade pip; $(PIP) --editable '.[dev]'; }
# Where bytecode is not written (container images like to say so), each of some hundred processes of the tests
# would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check bench soak year clean migration older-version browser

demo: $(READY)  ## the whole thing on this machine, with a simulator of phones and mailboxes
	$(BIN)/closeloop demo

test: $(READY) browser  ## everything that the tests need, and the tests
	$(BIN)/pytest -n $(RUNNERS) --dist worksteal

check: $(READY)  ## what CI checks besides the tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)  ## measure what bench/README.md claims
	$(BIN)/python -m bench

# CONTRIBUTING.md says what each means. WORLDS=n plays so many instead of for SECONDS.
SECONDS ?= 60
SEED ?= 1
WORLDS ?= 0
DAYS ?= 2
PER_DAY ?= 12
FAULTS ?= 1
LOG ?= .soak.log
soak: $(READY)  ## simulated worlds full of trouble for so many SECONDS, from SEED on
	PYTHONHASHSEED=0 $(BIN)/python -m tests.sim.soak --seconds $(SECONDS) --seed $(SEED) --worlds $(WORLDS) \
		--days $(DAYS) --per-day $(PER_DAY) --faults $(FAULTS) --log $(LOG)

# A whole year, in PARTS beside each other; looked at EVERY so many minutes of its own, 0 after each step.
SINCE ?= 2027-09-01
EVERY ?= 60
PARTS ?= 2
year: DAYS = 366
year: PER_DAY = 2
year: FAULTS = 0.1
year: $(READY)  ## a company's traffic of a year, in minutes, with SEED
	PYTHONHASHSEED=0 $(BIN)/python -m tests.sim.year --seed $(SEED) --since $(SINCE) --days $(DAYS) \
		--per-day $(PER_DAY) --faults $(FAULTS) --every $(EVERY) --parts $(PARTS) --log $(LOG)

# Put it into the test of upgrades after a release, or with an older commit to try that one.
FROM ?= HEAD
older-version:  ## the code of the commit FROM as the older version that the tests upgrade from
	git archive --format=tar $(FROM) app migrations rules demo/company.yaml | xz -9e >tests/data/older_version.tar.xz

migration: $(READY)  ## make migration m="what it does": what the tables say and the migrations do not
	$(BIN)/python -m migrations.new "$(m)"

clean:  ## back to a fresh clone; the demo's data in its home stays
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Closeloop needs Python 3.11 or later, and $(PYTHON) is" \
			"`$(PYTHON) --version 2>&1 || echo not there`;" \
			"say which one to take: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { \
		echo "could not make .venv; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing Closeloop into .venv (a minute or two)"
	@$(INSTALL) || { echo "Once more: an index or a mirror did not answer well" >&2; sleep 5; $(INSTALL); }
	@touch $@

# The browser tests take a Chromium that is there. Else root gets Debian's (its mirrors fail at times: twice), and
# everybody else Playwright's own.
APT = DEBIAN_FRONTEND=noninteractive apt-get -qq
CHROMIUM = $(APT) update && $(APT) install --yes --no-install-recommends chromium fonts-dejavu-core >/dev/null
browser: $(READY)
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
		|| command -v google-chrome >/dev/null \
		|| { test "`id -u`" = 0 && command -v apt-get >/dev/null && echo "Installing Chromium" \
			&& { { $(CHROMIUM); } || { sleep 5; $(CHROMIUM); }; }; } \
		|| $(BIN)/playwright install chromium

# Everything a contributor runs. `make help` lists the targets.
# A bare clone needs only python3 (3.10 or newer) and make: each target sets .venv up first.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.mmdegrade-installed
# The libraries that benchmarks compare with bring a second OpenCV: an environment of their own.
BENCH_VENV  := .venv-bench
BENCH_STAMP := $(BENCH_VENV)/.mmdegrade-installed
SOURCES = $(wildcard mmdegrade tools tests configs benchmarks docs setup.py)

# Never install into a user's own environment, not even through mmengine.hub, which calls pip.
export PIP_REQUIRE_VIRTUALENV := 1
# Two busy threads on a small shared machine are slower than one.
export OMP_NUM_THREADS ?= 1

.PHONY: help setup test test-all lint format docs mutants demo bench clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  make \1|/' | column -t -s '|'

setup: $(STAMP)  ## create .venv and install mmdegrade with pinned dependencies

$(BIN)/python $(BENCH_VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "make: '$(PYTHON)' was not found; install Python 3.10 or newer, or name one: make setup PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "make: '$(PYTHON)' is $$($(PYTHON) --version 2>&1), mmdegrade needs 3.10 or newer; name another: make setup PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "make: '$(PYTHON)' has no venv module; install it (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(@:/bin/python=)

# The interpreter is order-only: its date is the system Python's and says nothing.
$(STAMP): constraints.txt setup.py | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[onedl,pretrain,export,docs,test]'
	@touch $@

test: $(STAMP)  ## run the fast tests
	$(BIN)/python -m pytest -n 2 $(ARGS)

test-all: $(STAMP)  ## run all tests, slow ones too
	$(BIN)/python -m pytest -n 2 -m '' $(ARGS)

mutants: $(STAMP)  ## plant faults and see that tests notice them (ARGS='gram-sign' for some)
	@mkdir -p work_dirs
	$(BIN)/python tests/mutants/run.py $(if $(ARGS),$(ARGS),--out docs/mutants.md) --results work_dirs/mutants.json

lint: $(STAMP)  ## check style (changes nothing)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

format: $(STAMP)  ## mend style in place
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

docs: $(STAMP)  ## build the documentation into docs/_build/html (Python 3.11 or newer)
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

demo: $(STAMP)  ## run the demonstration on the CPU
	$(BIN)/python tools/demo.py $(ARGS)

$(BENCH_STAMP): constraints.txt setup.py benchmarks/requirements.txt | $(BENCH_VENV)/bin/python
	$(BENCH_VENV)/bin/python -m pip install --disable-pip-version-check -c constraints.txt \
	  -r benchmarks/requirements.txt -e '.[onedl]'
	@touch $@

bench: $(BENCH_STAMP)  ## time the degradations beside other libraries
	$(BENCH_VENV)/bin/python benchmarks/degradations.py $(ARGS)

# work_dirs/ stays: it holds results.
clean:  ## remove caches and build products (keeps environments and work_dirs)
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis
	find mmdegrade tools tests configs benchmarks -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

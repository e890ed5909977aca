# What a person does with a checkout of Triode. Needs Python 3.11 or newer and make, nothing else.
# `make help` lists the targets; the environment is .venv, made anew only when pyproject.toml changes.

VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= $(shell .ci/find-python)
PIP    := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
FILES  := src tests examples bench tools
PRESENT = $(wildcard $(FILES))

export PIP_ROOT_USER_ACTION := ignore

.PHONY: help demo test check fix bench assets pictures clean
.PHONY: check-format check-lint check-mypy check-pyright check-tests
.DEFAULT_GOAL := help

help:  ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(VENV)/.demo  ## Start the Atlas, an application over real data, and print how to log in
	@exec $(BIN)/python examples/atlas/demo.py

test: $(VENV)/.dev  ## Run every test
	@$(BIN)/python -m pytest

check: $(VENV)/.dev  ## Check format, lint, types and layers, and run the fast tests: under a minute
	@$(MAKE) --no-print-directory --jobs 3 --keep-going --output-sync=target \
	    check-format check-lint check-mypy check-pyright check-tests
	@echo "make check: all good"

check-format:
	@$(BIN)/ruff format --quiet --check $(PRESENT)
check-lint:
	@$(BIN)/ruff check --quiet $(PRESENT)
check-mypy:
	@$(BIN)/mypy
check-pyright:
	@$(BIN)/pyright --pythonpath $(BIN)/python
check-tests:
	@$(BIN)/python -m pytest --quiet --way asgi \
	    -m "not slow and not browser and not service" -r f

fix: $(VENV)/.dev  ## Mend format and lint where a tool can
	@$(BIN)/ruff check --quiet --fix $(PRESENT) || true
	@$(BIN)/ruff format $(PRESENT)

bench: $(VENV)/.dev  ## Measure against the other frameworks; WHAT=orm: against other ORMs
	@$(BIN)/python -m bench$(WHAT:%=.%) $(ARGS)

assets: $(VENV)/.demo  ## Fetch the Swagger UI and ReDoc files that a wheel carries
	@$(BIN)/python tools/assets.py

pictures: $(VENV)/.dev assets  ## Take the pictures of the README; needs Chromium
	@$(BIN)/python -m tools.pictures

clean:  ## Remove the environment and everything that was built
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov .coverage*
	find src tests examples -name __pycache__ -type d -prune -exec rm -rf {} +

# `dev` holds all of `demo`, so that going from one to the other never removes anything.
$(VENV)/.demo $(VENV)/.dev: pyproject.toml
	@test -n "$(PYTHON)" || { .ci/find-python --explain; exit 1; }
	@echo "make: preparing $(VENV) for $(@:$(VENV)/.%=%), once; this takes a minute"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade "pip>=25.1"
	@$(PIP) install --editable . --group $(@:$(VENV)/.%=%)
	@touch $@

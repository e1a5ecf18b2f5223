# The whole project in a few commands. `make demo` and `make test` need nothing but Python >= 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test quick lint fix bench clean

help:  ## these lines
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.runtime  ## set up what is needed and answer a few questions on the embedded sandbox
	@$(BIN)/quaestor demo

test: $(VENV)/.dev lint  ## set up and pass every check: lint, types, layers, tests
	$(BIN)/pytest -n 4 -q

quick: $(VENV)/.dev  ## the inner loop: ruff and the unit tests, under 30 seconds
	$(BIN)/ruff check -q src tests bench
	$(BIN)/pytest -q -x -n 2 -m "not slow" tests/unit

lint: $(VENV)/.dev  ## ruff, mypy strict, import-linter
	$(BIN)/ruff format --check -q src tests bench
	$(BIN)/ruff check -q src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/.dev  ## format, and mend what ruff can mend
	$(BIN)/ruff format -q src tests bench
	$(BIN)/ruff check -q --fix src tests bench

bench: $(VENV)/.dev  ## time ratios against a bare loop, in one run
	$(BIN)/python -m bench

clean:  ## remove the environment and the caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install -q -e .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install -q -e ".[dev]"
	@touch $@ $(VENV)/.runtime

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help environment book test run check lint lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# An environment that works looks after itself; else PYTHON makes it, when it is new enough.
environment:  ## install .venv from requirements.lock, or what has changed of it
	@if [ -f $(VENV)/haicbook.json ] && $(BIN)/python -c '' 2>/dev/null; then $(BIN)/python .ci/environment.py; else \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "haicbook needs Python 3.11 or newer; $(PYTHON) is %d.%d. With another: make PYTHON=python3.12" % sys.version_info[:2])' \
	  && $(PYTHON) .ci/environment.py; fi

book: environment  ## run what is stale and build the book (_build/html/index.html)
	@$(BIN)/haicbook build

test: environment  ## run the whole test suite
	@$(BIN)/python -m pytest

run: environment  ## execute the notebooks that are stale
	@$(BIN)/haicbook run

check: environment  ## validate data/
	@$(BIN)/haicbook check

lint: environment  ## ruff, mypy and the import contract
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

lock:  ## recompile requirements.lock from pyproject.toml (needs uv)
	@uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock
	@{ echo '# Compiled from pyproject.toml by `make lock`; installs with hashes on Python 3.11, 3.12 and 3.13.'; cat requirements.lock; } > requirements.lock.new
	@mv requirements.lock.new requirements.lock

clean:  ## remove everything that is generated, except the environment
	@rm -rf _build book/_executed .pytest_cache .mypy_cache .ruff_cache .hypothesis

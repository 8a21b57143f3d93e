PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-from-lock

.DEFAULT_GOAL := help
.PHONY: help book test run check lint lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# A half-made environment has no stamp, so the next call starts afresh.
$(STAMP): requirements.lock pyproject.toml
	@echo "haicbook: installing requirements.lock into $(VENV) (a few minutes, once)"
	@rm -rf $(VENV)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "haicbook needs Python 3.11 or newer")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

book: $(STAMP)  ## run what is stale and build the book (_build/html/index.html)
	@$(BIN)/haicbook build

test: $(STAMP)  ## run the whole test suite
	@$(BIN)/python -m pytest

run: $(STAMP)  ## execute the notebooks that are stale
	@$(BIN)/haicbook run

check: $(STAMP)  ## validate data/
	@$(BIN)/haicbook check

lint: $(STAMP)  ## ruff, mypy and the import contract
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

lock:  ## recompile requirements.lock from pyproject.toml (needs uv)
	@uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock
	@sed -i '1i # Compiled from pyproject.toml by `make lock`; installs with hashes on Python 3.11, 3.12 and 3.13.' requirements.lock

clean:  ## remove everything that is generated, except the environment
	@rm -rf _build book/_executed .pytest_cache .mypy_cache .ruff_cache .hypothesis

# `make` lists the menu.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3 python; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null && echo $$p && break; done)
PY := .venv/bin/python
.DEFAULT_GOAL := help

.PHONY: help
help: ## list this menu
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.venv/ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Paperboy needs Python 3.11 to 3.14, and none was found; install one, or name it: make run PYTHON=/path/to/python3"; exit 1; }
	@echo "Making the environment in .venv (once; a minute or so) ..."
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.lock
	@echo "Adding what the tests need ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.lock
	@touch $@

.PHONY: run
run: .venv/ready ## make today's edition and deliver it
	@$(PY) -m flows.cli run

.PHONY: serve
serve: .venv/ready ## Prefect server, UI, worker and schedule, until Ctrl-C
	@$(PY) -m flows.cli serve

.PHONY: preview
preview: .venv/ready ## read the outbox in a browser
	@$(PY) -m flows.cli preview

.PHONY: test
test: .venv/ready-dev ## lint, types and every test
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -m pytest -n auto --maxprocesses 4 --dist worksteal

.PHONY: coverage
coverage: .venv/ready-dev ## every test, and the lines that none of them ran
	@$(PY) -m pytest --cov --cov-report=term

.PHONY: quick
quick: .venv/ready-dev ## the tests that need no Prefect server
	@$(PY) -m pytest -m "not slow" -q

.PHONY: format
format: .venv/ready-dev ## format and mend what can be mended
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

.PHONY: lock
lock: ## resolve the dependencies again (needs uv)
	uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --group dev pyproject.toml -o requirements-dev.lock

.PHONY: clean
clean: ## remove the environment and caches; keeps var/
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

# Needs Python 3.11 or newer, nothing else: every target makes .venv and installs the pinned versions first.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
INSTALLED_DEV := .venv/.installed-dev

.PHONY: help quickstart test integration test-all lint docs check smoke results clean

help:
	@echo "make quickstart  train, evaluate and report on the embedded text, a few minutes"
	@echo "make test        the tests of each part"
	@echo "make integration those of whole runs, several processes, a browser, the benchmarks"
	@echo "make lint        format, lint, types, import contracts, spelling"
	@echo "make check       the three of them"
	@echo "make docs        the documentation as a site in site/, links checked"
	@echo "make test-all    all tests, also those of more than half a minute"
	@echo "make results     the tables of docs/results.md, made anew from the studies' cells in studies/cells"
	@echo "make smoke       a short deterministic loss curve, which a refactor must not move"

quickstart: $(INSTALLED)
	$(BIN)/langsamp run configs/quickstart.yaml

test: $(INSTALLED_DEV)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

integration: $(INSTALLED_DEV)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "integration and not gpu and not network and not slow"

test-all: $(INSTALLED_DEV)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "not gpu and not network"

lint: $(INSTALLED_DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/typos

docs: $(INSTALLED_DEV)
	$(BIN)/python -m mkdocs build --strict --quiet

check: lint test integration

smoke: $(INSTALLED_DEV)
	$(BIN)/python -m pytest -s tests/test_smoke.py

results: $(INSTALLED)
	$(BIN)/python -m tools.study_results tables

$(INSTALLED): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(INSTALLED_DEV): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	touch $@

clean:
	rm -rf .venv build dist site

# Each target prepares what it needs. A machine needs Python 3.11+, make and the package index.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := $(UV) run --frozen --all-extras
DEMO_DIR ?= scorewright-demo

.DEFAULT_GOAL := help
.PHONY: help demo test check format lint types floors docs bench build clean

help:  ## show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.tools/bin/uv:
	$(PYTHON) -m venv .tools && .tools/bin/pip install --quiet uv

.uv: $(if $(filter .tools/bin/uv,$(UV)),.tools/bin/uv)
.PHONY: .uv

demo: .uv  ## the whole path on real loans, in under two minutes
	$(UV) run --frozen --no-dev --extra serve scorewright demo --directory $(DEMO_DIR)
	@echo "In this clone the command lies in .venv/bin; 'source .venv/bin/activate' puts it on the path."

test: .uv  ## all tests
	$(RUN) pytest -n 2 --dist loadgroup

check: format lint types floors test docs build  ## what CI runs: format, lint, types, floors, tests, docs, build

format: .uv  ## is everything formatted?
	$(RUN) ruff format --check .

lint: .uv  ## ruff, all rules
	$(RUN) ruff check .

types: .uv  ## mypy, strict
	$(RUN) mypy

floors: .uv  ## import contracts: entry > wiring > adapters > flows > core
	$(RUN) lint-imports

docs: .uv  ## build the documentation, warnings are errors
	$(RUN) sphinx-build --fail-on-warning --nitpicky --quiet docs docs/_build/html

bench: .uv  ## benchmarks: peers and us on the same work, as ratios
	$(RUN) python -m benchmarks

build: .uv  ## wheel and sdist
	$(UV) build --quiet --out-dir dist

clean:  ## remove what the targets made
	rm -rf dist docs/_build .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache

# Each target prepares what it needs. A machine needs Python 3.11+, make and the package index.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := $(UV) run --frozen --all-extras
DEMO_DIR ?= scorewright-demo
# What the image holds; deploy/container/Dockerfile names the same.
SHIPPED := --extra serve --extra postgres --extra fast
IMAGE ?= localhost/scorewright:0.1.0
BASE ?=
BUILDER ?= $(if $(shell command -v buildah),buildah bud --isolation chroot --format docker,docker build)
REVISION = $(shell git rev-parse HEAD 2>/dev/null || echo unknown)

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz check format lint types floors docs bench build crash-sweep sbom image clean

help:  ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.tools/bin/uv:
	$(PYTHON) -m venv .tools && .tools/bin/pip install --quiet uv

.uv: $(if $(filter .tools/bin/uv,$(UV)),.tools/bin/uv)
.PHONY: .uv

demo: .uv  ## the whole path on real loans, in under two minutes
	$(UV) run --frozen --no-dev --extra serve scorewright demo --directory $(DEMO_DIR)
	@echo "In this clone the command lies in .venv/bin; 'source .venv/bin/activate' puts it on the path."

test: .uv  ## all tests
	$(RUN) pytest -n 2 --dist loadgroup

fuzz: .uv  ## 5,000 requests made from the OpenAPI document
	SCOREWRIGHT_CASES=180 $(RUN) pytest -n 0 -s tests/entry/service/test_document.py

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

guarantees: .uv  ## run the tests of what is promised, and write their figures into docs/guarantees.md
	$(RUN) pytest -n 0 -o junit_family=xunit1 --junitxml=dist/guarantees.xml $$($(RUN) python tools/make_guarantees.py --tests)
	$(RUN) python tools/make_guarantees.py dist/guarantees.xml

crash-sweep: .uv  ## plans for stores, interrupted at every system call that writes; hours (needs strace)
	$(RUN) python -m tests.stores.crash_sweep

sbom: .uv  ## what is shipped, as a bill of materials: dist/sbom.cdx.json (CycloneDX)
	UV_PROJECT_ENVIRONMENT=.tools/shipped $(UV) sync --quiet --frozen --no-dev --no-editable $(SHIPPED)
	$(RUN) python tools/make_sbom.py .tools/shipped dist/sbom.cdx.json

image:  ## the container image, with buildah or docker; BASE=...@sha256:... pins what it stands on
	$(BUILDER) $(if $(BASE),--build-arg BASE=$(BASE)) --build-arg REVISION=$(REVISION) \
		--file deploy/container/Dockerfile --tag $(IMAGE) .

clean:  ## remove what the targets made
	rm -rf dist docs/_build .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache

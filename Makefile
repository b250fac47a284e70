# `make` alone lists what there is. Needs Python 3.11 or newer; installs with uv, its own where there
# is none (`make UV=` does it with pip alone).
PYTHON ?= python3
UV ?= uv
BIN := .venv/bin
INSTALLED := .venv/.installed
MINUTES ?= 1
SEED ?= $(shell od -An -N2 -tu2 /dev/urandom | tr -d ' ')

.DEFAULT_GOAL := help
.PHONY: help demo test lint types faults simulation bench bench-model audit lock clean setup

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## watch scores move as orders arrive, with nothing else installed
	$(BIN)/nyxter demo

test: setup ## lint, types, every test, and the demo from end to end
	$(MAKE) -j1 --no-print-directory lint types
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder
	$(BIN)/nyxter demo --once

lint: $(INSTALLED) ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED) ## check types
	$(BIN)/mypy

faults: setup $(INSTALLED) ## break brokers, workers and Redis at full length (ONLY=test_name SEED=3)
	$(BIN)/pytest tests/faults --whole --fault-seed=$(SEED) $(if $(ONLY),-k '$(ONLY)') -s

simulation: $(INSTALLED) ## run a whole system in one thread from fresh seeds (SEED=3 MINUTES=10)
	$(BIN)/python -m tests.simulation --seed $(SEED) --minutes $(MINUTES)

bench: setup $(INSTALLED) ## measure throughput and latency on Apache Kafka
	$(BIN)/python -m bench

bench-model: $(INSTALLED) ## measure the mixture beside scikit-learn and river
	$(BIN)/python -m bench.model

audit: $(INSTALLED) ## look up known holes in what requirements.lock says (asks pypi.org)
	scripts/audit.sh

LOCK := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --upgrade \
	--no-header --no-emit-index-url --no-annotate --quiet

lock: ## choose the dependencies' versions anew (needs uv)
	$(LOCK) --group dev --group bench pyproject.toml -o requirements.lock
	echo uv | $(LOCK) - -o scripts/uv-requirements.lock

clean: ## remove what the other targets made
	rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup:
	@PYTHON="$(PYTHON)" UV="$(UV)" scripts/setup-system.sh

$(INSTALLED): requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" UV="$(UV)" scripts/make-venv.sh
	@touch $@

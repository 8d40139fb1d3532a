# Waymark. `make help` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help run test lint check fmt lock simulate-month bench-rules up status down
export PYTHON ?= python3
BIN := .venv/bin

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .env-run ## everything in one process on http://127.0.0.1:8000, with sample referrals
	@$(BIN)/waymark up --demo

test: .env-dev ## every test: embedded, and on real PostgreSQL, Kafka and Redis
	@$(BIN)/python -m tests.prepare
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(PYTEST)

lint: .env-dev ## formatting, lint, types and architecture
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint ## the above and the quick tests, before every commit
	@$(BIN)/python -m pytest -q -n 2 -m "not real and not processes and not whole" $(PYTEST)

fmt: .env-dev ## format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: .env-dev ## compile the lock files anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra bench -c requirements.txt pyproject.toml -o requirements-bench.txt

simulate-month: .env-run ## a month of calls, answers, silence and faults in minutes: is anybody forgotten?
	@$(BIN)/waymark simulate-month $(MONTH)

bench-rules: .env-bench ## the rules beside other engines, in ratios (docs/performance.md); wants a quiet machine
	@JAVA_HOME=$${JAVA_HOME:-$$(dirname $$(dirname $$(readlink -f "$$(command -v java)")))} .venv-bench/bin/python -m bench $(BENCH)

up: ## genuine Kafka, PostgreSQL and Redis on loopback, without Docker
	@$(PYTHON) -m deploy.native up

status: ## whether they are healthy
	@$(PYTHON) -m deploy.native status

down: ## stop them
	@$(PYTHON) -m deploy.native down

.PHONY: .env-run .env-dev .env-bench
.env-run:
	@deploy/environment.sh requirements.txt
.env-dev:
	@deploy/environment.sh requirements-dev.txt
.env-bench:
	@deploy/environment.sh requirements-bench.txt .venv-bench

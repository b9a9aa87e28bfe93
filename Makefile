# Every task of this project. `make help` lists them; `make run` and `make test` are the two
# commands that a fresh machine needs. The longer scripts stand in Tools/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

binary := .build/release/sluice
venv := .venv/.stamp
# Folders stand in the list too: removing a file changes the time of its folder.
sources := Package.swift $(shell find Sources 2>/dev/null)
formatted := Sources Tests Fuzzing Benchmarks/Gate Package.swift

.PHONY: help
help: ## Lists these tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build-dependencies $(binary) ## Starts the gateway on routes.conf, with a demo upstream
	@Tools/run-demo $(binary)

.PHONY: build
build: build-dependencies $(binary) ## Builds the release binary

$(binary): $(sources)
	@Tools/build-release
	@touch $(binary)

.PHONY: test
test: test-dependencies $(venv) ## Unit tests, scenarios, tidy and format checks, short fuzzing
	@Tools/run-tests

.PHONY: deep
deep: test-dependencies deep-dependencies $(venv) ## What takes longer: sanitizers, long fuzzing
	@Tools/run-tests --deep

.PHONY: scenarios
scenarios: test-dependencies $(venv) $(binary) ## Only the scenario tests, on the release binary
	@.venv/bin/python -m pytest Tests/Scenarios $(ARGUMENTS)

.PHONY: chaos
chaos: test-dependencies $(venv) $(binary) ## Upstreams that fail under load, for longer
	@.venv/bin/python -m pytest Tests/Scenarios -k "chaos or discovery" --deep -s $(ARGUMENTS)

.PHONY: bench
bench: bench-dependencies $(binary) ## Compares with HAProxy, nginx and a byte relay
	@python3 Benchmarks/compare.py --binary $(binary) $(ARGUMENTS)

.PHONY: gate
gate: bench-dependencies $(binary) ## Counts instructions and allocations per request
	@Tools/run-gate $(binary) $(ARGUMENTS)

.PHONY: fuzz
fuzz: build-dependencies ## Fuzzes each parser for SECONDS_EACH=20 seconds
	@Tools/run-fuzzers $(or $(SECONDS_EACH),20)

.PHONY: sanitize
sanitize: test-dependencies ## Unit tests under the address and thread sanitizers
	@Tools/run-sanitizers

.PHONY: format
format: ## Formats the Swift sources in place
	@swift format --in-place --parallel --recursive $(formatted)

.PHONY: lint
lint: ## Fails when a Swift source is not formatted
	@swift format lint --strict --parallel --recursive $(formatted)

.PHONY: clean
clean: ## Removes builds, the Python environment and generated certificates
	@rm -rf .build .build-* .venv Benchmarks/results certs/*.pem certs/*.key

.PHONY: build-dependencies test-dependencies bench-dependencies deep-dependencies
build-dependencies:
	@Tools/install-dependencies build
test-dependencies:
	@Tools/install-dependencies build test
bench-dependencies:
	@Tools/install-dependencies build bench
deep-dependencies:
	@Tools/install-dependencies build bench deep

$(venv): Tests/Scenarios/requirements.txt
	@Tools/install-python

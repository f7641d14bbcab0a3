# `make` lists the targets. All of them keep their tools in .venv, pinned by hash in requirements*.txt.

SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --root-user-action=ignore
WORKERS := 3# on two cores: the tests wait as much as they work
COVERAGE := 90# per cent of lines and branches of hospital_bot and handlers

.PHONY: help demo demo-script test style types layers duplicates mariadb galera faketime chromium mysql prove bench lock pictures format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: .venv/runtime ## chat with a hospital's bot at http://127.0.0.1:8080: no token, no server
	$(BIN)/python -m hospital_bot demo

demo-script: .venv/runtime ## the same, played by a script: the transcript on the terminal
	$(BIN)/python -m hospital_bot demo --script

test: style types layers duplicates mariadb galera faketime chromium ## everything: style, types, layers, duplicates, tests with coverage
	@echo "Coverage must reach $(COVERAGE)%."
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --cov --cov-report term:skip-covered \
		--cov-fail-under $(COVERAGE)

style: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/dev
	$(BIN)/mypy

layers: .venv/dev
	$(BIN)/lint-imports

duplicates: .venv/dev
	$(BIN)/pylint hospital_bot handlers

mariadb:
	@scripts/need-mariadb

galera: mariadb
	@scripts/need-galera

faketime: mariadb
	@scripts/need-faketime

chromium:
	@scripts/need-chromium

mysql: .venv/dev mariadb galera faketime ## the tests that need a server, on a MySQL in place of a MariaDB: takes root, on Debian
	scripts/with-mysql $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m mariadb

prove: .venv/dev mariadb galera ## the long proofs: hundreds of kills, soak, deep fuzzing
	HOSPITAL_PROVE=1 $(BIN)/python -m pytest -m prove --timeout 3600

bench: .venv/dev mariadb ## the performance table
	$(BIN)/python -m benchmarks

lock: .venv/dev ## write requirements*.txt anew from pyproject.toml; UPGRADE=--upgrade takes newer releases
	$(LOCK) --output-file requirements.txt
	$(LOCK) --output-file requirements-dev.txt --extra dev --constraints requirements.txt

LOCK = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(UPGRADE)

pictures: .venv/dev chromium ## draw the README's pictures anew
	$(BIN)/python scripts/draw_pictures.py

format: .venv/dev ## put the code into its standard form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## remove the tools and everything that was generated
	rm -rf .venv build test-output *.egg-info .coverage* .pytest_cache .mypy_cache .ruff_cache \
		.import_linter_cache .hypothesis
	find hospital_bot handlers tests -name __pycache__ -prune -exec rm -rf {} +

.venv/made: scripts/make-venv
	scripts/make-venv
	@touch $@

.venv/runtime: .venv/made requirements.txt
	$(PIP) --no-deps --require-hashes -r requirements.txt
	@touch $@

.venv/dev: .venv/made requirements-dev.txt pyproject.toml
	$(PIP) --no-deps --require-hashes -r requirements-dev.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch .venv/runtime $@

# Silta's daily commands. The same names work on a developer's machine and in .ci/run.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run setup dev train test lint style types web stories unit bot-tests hub-tests e2e browser tools supply faults bench lock clean

HUB := .venv/hub/bin
BOT := .venv/bot/bin
TESTED_BY_HUB := tests/handoff tests/ops
TESTED_BY_BOT := tests/bot tests/actions

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## set up what is missing, then start everything (Ctrl-C stops it)
	@exec ./silta up

setup: ## make both environments, build the web parts
	@ops/setup

dev:
	@ops/setup --dev

train: setup ## train the Rasa model
	@./silta train

test: ## everything that must be green: lint, types, all tests (about a quarter of an hour)
	@ops/test

lint: style types ## style and types

style: dev ## ruff: rules and format of imports
	@$(HUB)/ruff check .

types: dev ## mypy --strict in both environments
	@$(HUB)/mypy handoff tests/helpers
	@$(BOT)/mypy bot actions

web: dev ## type check and unit tests of the web parts
	@cd web && ../ops/node npm run --silent check && ../ops/node npm test --silent

stories: dev ## the web parts' stories in a real browser, against a small hub of their own
	@cd web && SILTA_CHROMIUM=$$(../ops/browser) ../ops/node npm run --silent browser

unit: dev ## quick tests of every part, without the whole running
	@$(HUB)/pytest $(TESTED_BY_HUB) -m "not slow" -q
	@$(BOT)/pytest $(TESTED_BY_BOT) -m "not slow" -q

hub-tests: dev
	@$(HUB)/pytest $(TESTED_BY_HUB) -q

bot-tests: dev
	@$(BOT)/pytest $(TESTED_BY_BOT) -q

e2e: dev ## the whole of Silta, with real processes and a real browser
	@SILTA_CHROMIUM=$$(ops/browser) $(HUB)/pytest tests/e2e -q

tools: dev
	@ops/supply --tools

supply: dev ## lists of parts and licences, known faults of dependencies; says what could not be checked
	@ops/supply

faults: tools ## the long fault runs (about 90 minutes); RESUME=1 goes on where they were broken off, ROW=r12 runs one row
	@SILTA_FAULTS_LEDGER=$(if $(ROW),,var/faults.jsonl) SILTA_FAULTS_RESUME=$(RESUME) \
		$(HUB)/pytest tests/faults -q $(if $(ROW),-k $(ROW))

bench: dev ## measurements
	@$(HUB)/python -m bench

lock: ## compile ops/requirements/*.in into the locked *.txt (needs uv)
	@ops/lock

clean: ## remove what was built; conversations in var/ and the environments stay
	@rm -rf models web/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	@find . -path ./.venv -prune -o -path ./web/node_modules -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf

# Everything that a newcomer, an operator or CI types. `make help` explains.
PYTHON ?= python3
STAGE ?=
BIN := .venv/bin
UV := 0.13.9

# Bytecode is kept, whatever the machine says: a stack starts a dozen processes, and some tests kill a hundred.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run up test test-deployed chaos bench browser check format pins deploy destroy clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

# uv makes the install take seconds; where it can't be had or can't reach the index, pip does the same.
# Bytecode is made once here: a stack starts a dozen processes.
.venv/.installed: requirements.txt requirements-dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet uv==$(UV) || true
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.txt -r requirements-dev.txt \
		|| $(BIN)/pip install --quiet -r requirements.txt -r requirements-dev.txt
	touch $@

run: .venv/.installed ## The whole job once, locally: a campaign of 1,000 recipients, receipts and replies included
	@$(BIN)/python -m local run

up: .venv/.installed ## The local stack, kept up until Ctrl-C
	@$(BIN)/python -m local up

# Four processes on two cores: two of them mostly wait, for the time-outs of functions that they have killed.
test: .venv/.installed ## Every test but those of `make test-deployed`
	$(BIN)/python -m pytest -n 4

# Its schedule of each minute and its dead letters take their time: a minute and a half.
test-deployed: .venv/.installed ## The bundle deployed by CloudFormation into an emulated AWS, and campaigns through it
	$(BIN)/python -m pytest -m deployed tests/deployed tests/deployment

# How long there is trouble. Until all who met it have come to their end takes up to ten minutes more.
MINUTES ?= 3
SECONDS ?= $(shell expr $(MINUTES) \* 60)
chaos: .venv/.installed ## Trouble of every kind at random, and whether all came home (MINUTES=3, SECONDS=, SEED=)
	@$(BIN)/python -m local chaos --seconds $(SECONDS) --seed "$(SEED)"

# All of it takes twenty minutes and writes docs/benchmarks.md.
QUICK ?=
bench: .venv/.installed ## What a message costs, beside the least that it could (QUICK=1: three minutes, prints only)
	@$(BIN)/python -m bench $(if $(QUICK),--quick)

# Debian's; where there is no apt-get, or nobody who may use it, the tests in a browser are skipped.
browser: ## Chromium and fonts for the tests of pages, where apt-get is and root asks
	@if [ -x /usr/bin/chromium ]; then echo "Chromium is there"; \
	elif [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
		echo "Not installed: /usr/bin/chromium needs apt-get and root. Tests in a browser will be skipped."; \
	else \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			chromium fonts-wqy-microhei fonts-noto-color-emoji >/dev/null; } \
		|| echo "Not installed: apt-get failed, see above. Tests in a browser will be skipped."; \
	fi

check: .venv/.installed ## Formatter, linter, type checker, and known vulnerabilities as far as they can be asked for
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m local.audit requirements.txt requirements-dev.txt

format: .venv/.installed ## Format and fix what can be fixed by machine
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pins: .venv/.installed ## Resolve pyproject.toml's dependencies into the two requirements files
	$(BIN)/uv pip compile --quiet --upgrade --no-annotate --python-version 3.11 pyproject.toml \
		-o requirements.txt --custom-compile-command "make pins"
	$(BIN)/uv pip compile --quiet --upgrade --no-annotate --python-version 3.11 --group dev pyproject.toml \
		-o requirements-dev.txt --custom-compile-command "make pins"

deploy: .venv/.installed ## Deploy a stage to AWS, or bring it up to date: make deploy STAGE=prod
	@$(BIN)/python -m ops deploy --stage "$(STAGE)"

destroy: .venv/.installed ## Delete a stage from AWS, but for its table; asks first: make destroy STAGE=prod
	@$(BIN)/python -m ops destroy --stage "$(STAGE)"

clean: ## Remove the virtual environment and the local stack's data
	rm -rf .venv .local

# Commands for users, developers, operators and CI. `make help` lists them.
PYTHON ?= python3
VENV ?= .venv
STAGE ?=
BIN := $(VENV)/bin
UV := 0.13.9

# An environment keeps its Python, and Chalice deploys that one. Where another Python is named, the environment is
# made again: `make deploy PYTHON=python3.13`.
VERSION = $(shell $(1) -c 'import sys; print(*sys.version_info[:2], sep=".")' 2>/dev/null)
ifneq ($(origin PYTHON),file)
ifeq ($(call VERSION,$(PYTHON)),)
$(error there is no $(PYTHON) on this machine)
else ifneq ($(wildcard $(VENV)/pyvenv.cfg),)
ifneq ($(call VERSION,$(PYTHON)),$(call VERSION,$(BIN)/python))
$(info Removing $(VENV): it has Python $(call VERSION,$(BIN)/python).)
$(shell rm -rf $(VENV))
endif
endif
endif
# These are for this make only: tests run make in checkouts of their own.
MAKEOVERRIDES :=
unexport PYTHON VENV TESTS

# Python keeps its bytecode even where the machine's settings forbid it: a stack starts a dozen processes, and
# some tests kill a hundred.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run up test test-deployed chaos bench browser check format pins resources deploy package destroy clean

help: ## Show this list
	@awk -F ':.*## ' '/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-15s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

# uv installs within seconds. Where it is not available or cannot reach the index, pip installs the same.
# The bytecode is compiled once, here, because a stack starts a dozen processes.
$(VENV)/.installed: requirements.txt requirements-dev.txt
	@echo "Installing into $(VENV) (about 20 seconds) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet uv==$(UV) || true
	@$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --python $(BIN)/python -r requirements.txt \
		-r requirements-dev.txt \
		|| $(BIN)/pip install --quiet --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@

##@ Use

run: $(VENV)/.installed ## Send a campaign of 1,000 recipients from end to end, receipts and replies included
	@$(BIN)/python -m local run

up: $(VENV)/.installed ## Start the local stack and keep it running until Ctrl-C
	@$(BIN)/python -m local up

##@ Develop

# Four processes on two cores: two of them mostly wait for the time-outs of functions that they have killed.
TESTS ?=
test: $(VENV)/.installed ## Run all tests except those of `make test-deployed` (TESTS=tests/unit)
	$(BIN)/python -m pytest -n 4 $(TESTS)

# Takes a minute and a half, because it waits for a schedule that runs every minute and for dead letters.
test-deployed: $(VENV)/.installed ## Deploy the bundle into an emulated AWS and send campaigns through it
	$(BIN)/python -m pytest -m deployed $(or $(TESTS),tests/deployed tests/deployment)

# How long the faults last. Afterwards it takes up to ten minutes until every affected message is final.
MINUTES ?= 3
SECONDS ?= $(shell expr $(MINUTES) \* 60)
# HOSTILE= leaves out AWS's own misbehaviour (local/hostile/switches.py); HOSTILE=chain,throttle chooses some of it.
# The shell supplies the default: a default of this target would keep make from passing HOSTILE on to `make up`.
chaos: $(VENV)/.installed ## Inject random faults, then account for every recipient (MINUTES=3, SECONDS=, SEED=, HOSTILE=all)
	@$(BIN)/python -m local chaos --seconds $(SECONDS) --seed "$(SEED)" --hostile "$${HOSTILE-all}"

# The full run takes twenty-five minutes (a few more with valgrind, which counts instructions) and writes docs/benchmarks.md.
QUICK ?=
bench: $(VENV)/.installed ## Measure the cost of a message beside its floor (QUICK=1: three minutes, prints only)
	@$(BIN)/python -m bench $(if $(QUICK),--quick)

# Installs Debian's packages, and axe-core. Without apt-get or root, the tests in a browser are skipped.
browser: $(VENV)/.installed ## Install Chromium, fonts and axe-core for the tests of pages (needs apt-get and root)
	@$(BIN)/uv pip install --quiet --no-deps --require-hashes --python $(BIN)/python -r requirements-browser.txt \
		|| $(BIN)/pip install --quiet --no-deps --require-hashes -r requirements-browser.txt
	@if [ -x /usr/bin/chromium ]; then echo "Chromium is already installed."; \
	elif [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
		echo "Not installed: /usr/bin/chromium needs apt-get and root. Tests in a browser will be skipped."; \
	else \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			chromium fonts-wqy-microhei fonts-noto-color-emoji >/dev/null; } \
		|| echo "Not installed: apt-get failed, see above. Tests in a browser will be skipped."; \
	fi

# cfn-lint has an environment of its own: it brings 100 MB that nothing else needs.
.venv-lint/.installed: requirements-lint.txt | $(VENV)/.installed
	@echo "Installing cfn-lint into .venv-lint (about 5 seconds) …"
	@$(PYTHON) -m venv .venv-lint
	@$(BIN)/uv pip install --quiet --require-hashes --python .venv-lint/bin/python -r requirements-lint.txt \
		|| .venv-lint/bin/pip install --quiet --require-hashes -r requirements-lint.txt
	@touch $@

check: $(VENV)/.installed .venv-lint/.installed ## Check format, lint, types, templates, and known vulnerabilities of dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m ops.lint .venv-lint/bin/cfn-lint
	$(BIN)/python -m local.audit requirements.txt requirements-dev.txt
	$(BIN)/python -m local.audit requirements-lint.txt
	$(BIN)/python -m local.audit requirements-browser.txt

format: $(VENV)/.installed ## Format the code and apply the linter's automatic fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pins: $(VENV)/.installed ## Resolve pyproject.toml's dependencies into the four requirements files
	$(BIN)/uv pip compile --generate-hashes --quiet --upgrade --no-annotate --python-version 3.11 pyproject.toml \
		-o requirements.txt --custom-compile-command "make pins"
	$(BIN)/uv pip compile --generate-hashes --quiet --upgrade --no-annotate --python-version 3.11 --group dev pyproject.toml \
		-o requirements-dev.txt --custom-compile-command "make pins"
	$(BIN)/uv pip compile --generate-hashes --quiet --upgrade --no-annotate --python-version 3.11 --group lint \
		-o requirements-lint.txt --custom-compile-command "make pins"
	$(BIN)/uv pip compile --generate-hashes --quiet --upgrade --no-annotate --no-deps --python-version 3.11 \
		--group browser -o requirements-browser.txt --custom-compile-command "make pins"

resources: $(VENV)/.installed ## Write .chalice/resources.json from its description in ops/resources/
	@$(BIN)/python -m ops.resources

clean: ## Remove the virtual environments and the local stack's data
	rm -rf .venv .venv-* .local

##@ Deploy

deploy: $(VENV)/.installed ## Create or update a stage on AWS: make deploy STAGE=prod
	@$(BIN)/python -m ops deploy --stage "$(STAGE)"

OUT ?=
package: $(VENV)/.installed ## Write what a deployment would send, without AWS: make package STAGE=prod OUT=build
	@$(BIN)/python -m ops package --stage "$(STAGE)" --out "$(OUT)"

destroy: $(VENV)/.installed ## Delete a stage from AWS except its table, after a confirmation: make destroy STAGE=prod
	@$(BIN)/python -m ops destroy --stage "$(STAGE)"

# Two commands for a newcomer: `make run` and `make test`. Both install what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := .tools/bin/uv
export UV_SYSTEM_CERTS := 1
# Without compiled modules each start compiles over a thousand: twice the wait, in every test too.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check format lint types contracts migrate lock audit rules licences train install browser clean articles

help:
	@echo "make run     start Tràm on SQLite: web chat and desk on http://127.0.0.1:8000"
	@echo "make test    every test, on SQLite, a real PostgreSQL and a real browser"
	@echo "make check   format, lint, types, import contracts and tests"
	@echo "make format  put the code into shape"
	@echo "make migrate bring the database to this version's schema"
	@echo "make articles what is wrong with the shipped articles, and which are stale"
	@echo "make train   learn the models anew from our own wordings"
	@echo "make rules   our own rules about danger, by semgrep"
	@echo "make audit   look for known holes in the code and in what it stands on"
	@echo "make licences list the licences of all locked packages"
	@echo "make lock    compile requirements.lock, and of it what only runs, from pyproject.toml"

run: $(VENV)/.installed
	@$(BIN)/python -m bot

migrate: $(VENV)/.installed
	$(BIN)/python -m bot migrate

test: $(VENV)/.installed browser
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile

check: $(VENV)/.installed lint types contracts test

format: $(VENV)/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.installed
	$(BIN)/mypy .

contracts: $(VENV)/.installed
	$(BIN)/lint-imports

# Exits 3 when the index could not be asked: that is no clean bill, and nobody should take it for one.
audit: $(VENV)/.installed rules
	$(BIN)/bandit -q -c pyproject.toml -r bot cases desk eligibility knowledge store provinces
	$(BIN)/python -m deploy.audit

SEMGREP := .tools/semgrep
# First each rule on what breaks it, then all of them on the program.
rules: $(SEMGREP)/.installed
	$(SEMGREP)/bin/semgrep scan --test --metrics=off --disable-version-check \
		--config deploy/semgrep deploy/semgrep
	$(SEMGREP)/bin/semgrep scan --error --quiet --metrics=off --disable-version-check \
		--config deploy/semgrep/rules.yml bot cases desk eligibility knowledge store provinces

# It holds back what FastAPI needs, so it lives apart.
$(SEMGREP)/.installed: deploy/semgrep/requirements.lock | $(UV)
	$(UV) venv --quiet --allow-existing --no-python-downloads --python $(PYTHON) $(SEMGREP)
	VIRTUAL_ENV=$(SEMGREP) $(UV) pip sync --quiet --require-hashes deploy/semgrep/requirements.lock
	@touch $@

licences: $(VENV)/.installed
	$(BIN)/python -m deploy.licences > docs/security/licences.md

articles: $(VENV)/.installed
	$(BIN)/python -m knowledge check

train: $(VENV)/.installed
	$(BIN)/python -m knowledge train

# A service's user may not write here, so the modules are compiled now.
install: $(VENV)/.installed
	$(BIN)/python -m compileall -q bot cases desk eligibility knowledge store

# The environment is made by uv from the hashed lock; uv itself stays in a folder of the project.
$(UV):
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
		--target .tools "uv>=0.5"

$(VENV)/.installed: requirements.lock | $(UV)
	$(UV) venv --quiet --allow-existing --no-python-downloads --python $(PYTHON) $(VENV)
	VIRTUAL_ENV=$(VENV) $(UV) pip sync --quiet --compile-bytecode --require-hashes \
		requirements.lock
	@touch $@

browser:
	@command -v chromium >/dev/null || { \
		echo "installing Debian's Chromium for the browser tests"; \
		if [ "$$(id -u)" = 0 ]; then SUDO=; else SUDO=sudo; fi; \
		$$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq --no-install-recommends \
			chromium fonts-noto-core; }

lock: | $(UV)
	$(UV) pip compile pyproject.toml --group dev --universal --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --quiet -o requirements.lock
	$(UV) pip compile pyproject.toml -c requirements.lock --universal --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --quiet -o deploy/runtime.lock
	$(UV) pip compile deploy/semgrep/requirements.in --universal --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --quiet -o deploy/semgrep/requirements.lock

clean:
	rm -rf $(VENV) .tools .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

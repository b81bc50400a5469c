# The commands that anyone must know; `make help` lists them. CI runs the same ones.

PYTHON  ?= python3.11
VENV    := .venv
BIN     := $(VENV)/bin
READY   := $(VENV)/.ready
PYTEST  := $(BIN)/python -m pytest
WORKERS ?= 2
ROUNDS  ?= 20
SHELL   := bash

# No index is named here or in a lock: pip's own configuration says where packages come from.
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-input --quiet --no-deps --no-compile
FOLDERS := compiler grammar runtime

export TF_CPP_MIN_LOG_LEVEL ?= 2

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test coverage quick grammar docs lint format bench fuzz lock dist clean distclean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv, with .venv/bin/sess, from the lock files

$(READY): requirements.lock build-requirements.lock pyproject.toml setup.py
	@command -v $(PYTHON) >/dev/null || { echo "setup: $(PYTHON) is not on PATH; install Python 3.11, or say make PYTHON=/path/to/python3.11" >&2; exit 3; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "setup: $(PYTHON) is not Python 3.11, which NVTabular and Triton's wheel need" >&2; exit 3; }
	@command -v g++ >/dev/null || echo "setup: g++ is not on PATH; it is needed where no ready wheel of NVTabular fits this machine" >&2
	@echo "setup: installing locked packages into $(VENV) (a few minutes, about 3 GB)" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(INSTALL) --require-hashes -r build-requirements.lock
	@$(INSTALL) --require-hashes --no-build-isolation -r requirements.lock
	@$(INSTALL) --no-build-isolation --editable .
	@echo "setup: compiling bytecode" >&2
	@# Not fatal: some packages ship templates that are no Python, and a mistake in our own files is for `make lint` to say.
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib $(FOLDERS) >/dev/null 2>&1 || true
	@touch $@

demo: setup ## synth data, check, graph, compile, serve with a real Triton, query
	@SESS=$(BIN)/sess PYTHON=$(BIN)/python specs/demo.sh build/demo

test: setup ## linters, types, contracts, then every test
	@# The tests run after a failed lint too: one run tells everything.
	@status=0; $(MAKE) --no-print-directory lint || status=1; \
	$(PYTEST) -n $(WORKERS) --dist loadfile || status=1; exit $$status

coverage: setup ## every test, and the lines of code that none of them ran
	@mkdir -p build/coverage
	@$(PYTEST) -n $(WORKERS) --dist loadfile --cov --cov-report=term:skip-covered --cov-report=html:build/coverage/html

quick: setup ## the tests that take less than ten seconds each
	@$(PYTEST) -q -n $(WORKERS) --dist loadfile -m "not slow and not triton and not registry"

lint: setup ## ruff, mypy --strict, and the contracts between the folders
	@status=0; $(BIN)/ruff check . || status=1; $(BIN)/ruff format --check . || status=1; $(BIN)/mypy || status=1; \
	PYTHONPATH=.typing $(BIN)/lint-imports || status=1; exit $$status

format: setup ## write the code in its one form
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format .

bench: setup ## training beside a plain loop, and serving beside NVTabular and TensorFlow on Triton
	@$(BIN)/python tests/benchmarks/train_epoch.py
	@$(BIN)/python -m tests.benchmarks.serving

docs: setup ## write the tables of the language reference anew, from the registry
	@$(BIN)/python -m sess.compiler.report.reference

fuzz: setup ## the property tests again and again, each round from another seed (ROUNDS=20)
	@for round in $$(seq $(ROUNDS)); do $(PYTEST) -q -n $(WORKERS) -m hypothesis --hypothesis-seed=$$RANDOM$$round || exit 1; done

lock: setup ## write both lock files anew, with hashes and without an address
	@$(PYTHON) -m venv build/lock && build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	@build/lock/bin/uv pip compile --quiet $(LOCK) --group build -o build-requirements.lock
	@build/lock/bin/uv pip compile --quiet $(LOCK) --extra dev -o requirements.lock pyproject.toml

# pytriton's wheel needs glibc 2.35, so the lock is for that platform.
LOCK := --python-version 3.11 --python-platform x86_64-manylinux_2_36 --generate-hashes --no-emit-index-url \
        --no-annotate --upgrade --custom-compile-command "make lock"

grammar: setup ## write the parser tables anew, after a change of grammar/sess.lark
	@$(BIN)/python -m sess.grammar.generate

dist: setup ## build the wheel and the source distribution into dist/
	@$(BIN)/python -m build --no-isolation --outdir dist .

clean: ## remove what the commands wrote, but not .venv
	@rm -rf build dist *.egg-info .coverage* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find $(FOLDERS) tests -name __pycache__ -prune -exec rm -rf {} +

distclean: clean ## remove .venv too
	@rm -rf $(VENV)

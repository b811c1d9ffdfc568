# Two commands for a newcomer: `make demo` and `make test`. Both build their environment in .venv by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COMPILED := $(wildcard src/molehunt/names/_*.p* src/molehunt/readers/_*.p* src/molehunt/wire/_*.p*)
# byte code, as pip makes it of what it copies: else each start compiles the modules anew where Python may not write any
COMPILE := $(BIN)/python -m compileall -q src/molehunt

.PHONY: demo test lint bench evaluate format clean

demo: $(VENV)/.run
	$(BIN)/molehunt scan tests/data/demo/demo.pcap

test: $(VENV)/.dev
	$(BIN)/pytest -n auto --dist loadgroup

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python -m bench

evaluate: $(VENV)/.dev
	$(BIN)/python -m evaluation

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "molehunt: needs Python 3.11+ with venv (Debian: apt install python3-venv python3-dev)"; exit 1; }

# what a user needs: the package, built in place
$(VENV)/.run: $(VENV)/bin/python pyproject.toml setup.py $(COMPILED)
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	@$(COMPILE)
	@touch $@

# what a developer needs: the tests' oracles and the linters on top
$(VENV)/.dev: $(VENV)/bin/python pyproject.toml setup.py $(COMPILED)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@$(COMPILE)
	@touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) build *.egg-info src/*.egg-info
	find src -name '*.so' -delete

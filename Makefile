# The two commands: `make run` (the main job, on this repository itself) and `make test`.
# `make proof` holds what needs kills, a full disk, no network or a browser; run as root it mounts
# a small file system and installs the browser, otherwise those parts say that they skip.

PYTHON ?= python3
BIN := .venv/bin
RUN := .probanda
STAMP := .venv/.installed

.PHONY: run test lint types proof proof-quick bench wheel-check constraints clean install

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

run: $(STAMP)
	@sh examples/self-gate.sh

test: $(STAMP)
	$(BIN)/python -m pytest -q -n auto -m 'not proof and not wheel'

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

proof: $(STAMP)
	$(BIN)/python -m pytest -q -m proof tests/proof

proof-quick: $(STAMP)
	PROBANDA_PROOF=quick $(BIN)/python -m pytest -q -m proof tests/proof

bench: $(STAMP)
	$(BIN)/python bench/startup.py
	$(BIN)/python bench/bundle.py
	$(BIN)/python bench/rego.py
	$(BIN)/python bench/rego_compile.py
	$(BIN)/python bench/check.py

wheel-check: $(STAMP)
	$(BIN)/python -m pytest -q -m wheel tests/test_packaging.py

# Pins every package of a fresh environment; run after changing pyproject.toml.
constraints:
	rm -rf .venv && $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt
	@touch $(STAMP)

clean:
	rm -rf .venv $(RUN) dist .pytest_cache .mypy_cache .ruff_cache

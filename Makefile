# make demo   makes .venv and runs the main job on a small example
# make test   makes .venv, checks the code and runs all tests
# make check  checks style and types only
# make clean  takes away everything that the others made

PYTHON ?= python3
BIN := .venv/bin
# Touched after each installation, so that the next one waits for a change of what is installed.
STAMP := .venv/installed

.PHONY: demo test check clean

demo: $(STAMP)
	@$(BIN)/python examples/demo.py

test: check
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "augdiff needs Python 3.11 or newer, not %d.%d: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	@echo "installing into .venv (once, some minutes)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two commands: `make demo` ends with a report, `make test` runs the tests. Each sets up what it needs.
PYTHON ?= python3
ENV := .venv
BIN := $(ENV)/bin

.PHONY: demo test test-long test-newest check results lock clean

demo: $(ENV)/run.stamp
	$(BIN)/tailrisk demo configs/demo.toml --force

test: $(ENV)/test.stamp
	$(BIN)/python -m pytest

# Everything, the long tests too, compiled as a run is: half an hour of two cores on a fresh machine.
test-long: $(ENV)/test.stamp
	XLA_FLAGS= $(BIN)/python -m pytest --long

# What a newer Python and its newer libraries break first: readers, dates, shapes, commands and one engine.
# The solver's own hard cases are arithmetic and stay with `make test`.
NEWEST := tests/core tests/data tests/market tests/universe tests/config tests/report tests/test_cli.py \
	$(patsubst %,tests/optimise/test_%.py,estimator labels paths protocol solver tuner)

test-newest: $(ENV)/test.stamp
	$(BIN)/python -m pytest $(NEWEST) --ignore=tests/report/test_browser.py

check: $(ENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(ENV)/pip.stamp:
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), f"Python 3.11 or later is needed; this is {sys.version}"'
	$(PYTHON) -m venv $(ENV)
	touch $@

$(ENV)/run.stamp: requirements.txt pyproject.toml | $(ENV)/pip.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(ENV)/test.stamp: requirements-dev.txt pyproject.toml | $(ENV)/pip.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# Prints the commands of results whose code has changed since; `make results RUN=1` runs them, one after the other.
# Those that read data need the files their commands name.
results: $(ENV)/test.stamp
ifdef RUN
	$(BIN)/tailrisk stale results --commands > $(ENV)/results.sh
	PATH="$(CURDIR)/$(BIN):$$PATH" bash -ex $(ENV)/results.sh
else
	@$(BIN)/tailrisk stale results --commands
endif

# Needs uv (`pip install uv`); the files hold hashes and no index URLs.
COMPILE := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet
lock:
	$(COMPILE) --extra build -o requirements.txt
	$(COMPILE) --extra build --extra test --extra dev --extra bench -o requirements-dev.txt

clean:
	rm -rf $(ENV) .venv-newest .pytest_cache .mypy_cache .ruff_cache

# Two commands on a fresh machine: `make demo`, `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SHARED_DATA := $(wildcard ../shared/data)
export ANDON_DATA ?= $(if $(SHARED_DATA),$(abspath $(SHARED_DATA)),)

.PHONY: install demo test lint docs bench wheelhouse clean

install: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	@start=$$(date +%s); \
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' requirements.lock)"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .; \
	touch $@; echo "installed in $$(( $$(date +%s) - start )) s"

demo: install
	$(BIN)/andon demo

test: install
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: install
	$(BIN)/ruff check src tests benchmarks tools
	$(BIN)/ruff format --check src tests benchmarks tools
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: install
	$(BIN)/python tools/make_docs.py

bench: install
	@for name in start skab tep multivariate softsensor budget speed; do $(BIN)/python -m benchmarks.$$name || exit 1; done

wheelhouse: install
	$(BIN)/python tools/make_wheelhouse.py wheelhouse

clean:
	rm -rf $(VENV) build dist wheelhouse

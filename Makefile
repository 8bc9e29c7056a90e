# Two commands on a fresh machine: `make demo`, `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SHARED_DATA := $(wildcard ../shared/data)
export ANDON_DATA ?= $(if $(SHARED_DATA),$(abspath $(SHARED_DATA)),)

.PHONY: install console demo test lint docs bench wheelhouse clean

install: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	@start=$$(date +%s); \
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' requirements.lock)"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .; \
	touch $@; echo "installed in $$(( $$(date +%s) - start )) s"

# The console is built into the package from a lock file; without npm there is no console, and everything else works.
console: src/andon/service/console/index.html

src/andon/service/console/index.html: console/package-lock.json console/index.html console/vite.config.ts $(shell find console/src console/public src/andon/plant/words src/andon/plant/design -type f)
	@if command -v npm >/dev/null; then cd console && npm ci --silent --no-audit --no-fund && npm run --silent build -- --logLevel warn; \
	else echo "no npm: the console is not built"; fi

# The whole job on the recording in the package, then live until Ctrl-C; EXIT=1: until an alarm was acknowledged through the API.
demo: install
	@$(MAKE) --no-print-directory console || echo "the console could not be built; the API is served all the same"
	$(BIN)/andon demo $(if $(EXIT),--until-acknowledged --port 0,--serve)

test: install
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: install
	$(BIN)/ruff check src tests benchmarks tools console/mock
	$(BIN)/ruff format --check src tests benchmarks tools console/mock
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/make_console_types.py --check
	@if command -v npm >/dev/null; then cd console && { test -d node_modules || npm ci --silent --no-audit --no-fund; } && npm run --silent check; \
	else echo "no npm: the console is not checked"; fi

docs: install
	$(BIN)/python tools/make_docs.py

bench: install
	@for name in start skab tep multivariate softsensor budget speed load faults console; do $(BIN)/python -m benchmarks.$$name || exit 1; done

wheelhouse: install console
	$(BIN)/python tools/make_wheelhouse.py wheelhouse

clean:
	rm -rf $(VENV) build dist wheelhouse console/node_modules src/andon/service/console

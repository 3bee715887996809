# make app: install and start the app.  make test: install and run every check, a test file on each core.
# make long: the tests that take minutes each.  make load: a lecture hall of 30 sessions on one server.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: app test long lint load

app: .venv/app
	$(BIN)/streamlit run app.py

test: .venv/dev lint
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

long: .venv/dev
	$(BIN)/python -m pytest -m long

load: .venv/app
	$(BIN)/python -m pacviz benchmark --sessions 30

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/app: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -r requirements.txt
	touch $@

# The browser journey takes the system's Chromium where there is one, else Playwright's own.
.venv/dev: .venv/app pyproject.toml
	$(BIN)/pip install --quiet -e '.[dev]'
	command -v chromium || command -v chromium-browser || command -v google-chrome || $(BIN)/playwright install chromium
	touch $@

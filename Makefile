# make app: installs and opens the app (PORT=8600: there).
# make test: installs and runs every check, a test file on each core; it finds or installs a browser for the browser tests
# (BROWSER=none: leaves them out).  make slow: the checks that take ten seconds or more each.  make long: minutes each.
# make processors: the tests that train networks, as two other processors would compute them.
# make load: a lecture hall of 30 sessions on one server, and one visitor beside another who does his worst.
# PYTHON=python3.12: with this interpreter.
PY = .venv/bin/python
PYTEST = $(PY) -m pytest -n auto --maxprocesses 4 --dist loadfile

.PHONY: app test slow processors long lint load

app: .venv/app
	$(PY) -m pacviz app $(if $(PORT),--port $(PORT))

test: .venv/dev lint
	$(PY) tests/browser/chromium.py
	$(PYTEST)

slow: .venv/dev
	$(PY) tests/browser/chromium.py
	$(PYTEST) -m "slow and not long"

processors: .venv/dev
	ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2 $(PYTEST) -m "trained and not long"
	ATEN_CPU_CAPABILITY=default $(PYTEST) -m "trained and not long"

long: .venv/dev
	$(PY) -m pytest -m long

load: .venv/app
	$(PY) -m pacviz benchmark --sessions 30
	$(PY) -m pacviz benchmark --visitors

lint: .venv/dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

.venv/app: requirements.txt
	.ci/environment app

.venv/dev: requirements.txt pyproject.toml
	.ci/environment dev

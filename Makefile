# The two commands: `make app` serves Castbook, `make test` tests it. Each sets up what it needs in .venv.
PYTHON ?= python3
TORCH ?= torch==2.13.0
BIN = .venv/bin
# Two workers for two cores: more threads of torch's would only wait for each other.
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --durations=10 -rs

.PHONY: app test lint check figures screenshots clean

app: .venv/app
	$(BIN)/python app.py

test: .venv/dev
	$(PYTEST)

lint: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python docs/advisories.py

check: lint test

figures: .venv/dev
	$(BIN)/python -m training measure
	$(BIN)/python -m training measure --steps --people 30
	$(BIN)/python -m training words
	$(BIN)/python -m training latents
	$(BIN)/python -m evaluation retention
	$(BIN)/python -m evaluation report evaluation-runs/retention
	$(BIN)/python -m benchmarks

screenshots: .venv/dev
	$(BIN)/python docs/screenshots.py

clean:
	rm -rf .venv

.venv/app: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/dev: requirements-dev.txt .venv/app
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

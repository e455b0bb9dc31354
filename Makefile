# Everything runs in .venv, which `make setup` builds; nothing else needs to be installed by hand.
PYTHON ?= python3
BIN := .venv/bin
# torch comes first: the packages that need it then take the one that is there
TORCH := torch==2.13.0
PARALLEL := --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: setup demo test test-all check bench pictures adapter tagger sides stages sbom audit fuzz clean

setup: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: setup
	$(BIN)/callinsight run pipelines/demo.toml

test test-all: export OMP_NUM_THREADS = 1 # two processes on two cores

test: setup
	$(BIN)/python -m pytest $(PARALLEL)

test-all: setup
	$(BIN)/python -m pytest $(PARALLEL) -m ''

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --quiet tests/test_imports.py

bench: setup
	$(BIN)/python benchmarks/asr.py
	$(BIN)/python benchmarks/speakers.py
	$(BIN)/python benchmarks/sides.py
	$(BIN)/python benchmarks/vocabulary.py
	$(BIN)/python benchmarks/redaction.py
	$(BIN)/python benchmarks/tagging.py
	$(BIN)/python benchmarks/heads_curve.py
	$(BIN)/python benchmarks/thresholds.py
	$(BIN)/callinsight evaluate benchmarks/unseen_turns.csv
	$(BIN)/callinsight evaluate benchmarks/short_turns.csv
	$(BIN)/callinsight evaluate benchmarks/terse_turns.csv
	$(BIN)/python benchmarks/annotators.py
	$(BIN)/python benchmarks/variants.py
	$(BIN)/python benchmarks/corrections.py
	$(BIN)/python benchmarks/correction_choices.py
	$(BIN)/python benchmarks/stages.py
	$(BIN)/python benchmarks/asks.py
	$(BIN)/python benchmarks/gaps.py
	$(BIN)/python benchmarks/faults.py
	$(BIN)/callinsight run pipelines/demo.toml
	$(BIN)/python benchmarks/topics.py
	$(BIN)/python benchmarks/topic_labels.py
	$(BIN)/python benchmarks/suggestions.py
	$(BIN)/python benchmarks/mentions.py
	$(BIN)/python benchmarks/matching.py
	$(BIN)/python benchmarks/scale.py workers --repeat 1
	$(BIN)/python benchmarks/scale.py calls --most 1000
	$(BIN)/python benchmarks/scale.py done --calls 50 --times 4
	$(BIN)/python benchmarks/scale.py clips --minutes 10 --rounds 2
	rm -f out/made-up.db*
	$(BIN)/python benchmarks/web.py make out/made-up.db --calls 2000
	$(BIN)/python benchmarks/scale.py report out/made-up.db
	$(BIN)/python -m pytest --quiet tests/pipeline/test_erasing.py

pictures: setup
	$(BIN)/python docs/pictures.py

adapter: setup
	OMP_NUM_THREADS=2 $(BIN)/callinsight adapter

tagger: setup
	$(BIN)/callinsight tagger

sides: setup
	$(BIN)/callinsight sides

stages: setup
	$(BIN)/callinsight stages

# they look at .venv from outside, so that they are in no list themselves
.tools/installed:
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet cyclonedx-bom==7.5.0 pip-licenses==5.5.5 pip-audit==2.10.1
	touch $@

sbom: setup .tools/installed
	mkdir -p out
	.tools/bin/cyclonedx-py environment --output-reproducible --of JSON --pyproject pyproject.toml \
		--output-file out/sbom.cdx.json $(BIN)/python
	.tools/bin/pip-licenses --python $(BIN)/python --format csv --with-urls --order license \
		--output-file out/licences.csv

audit: setup .tools/installed
	$(BIN)/python operation/audit.py .tools/bin/pip-audit \
		"$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

.tools/atheris: .tools/installed
	$(BIN)/python -m pip install --quiet --no-deps --target $@ atheris==3.0.0

SECONDS_A_READER ?= 120
fuzz: setup .tools/atheris
	PYTHONPATH=.tools/atheris $(BIN)/python tests/hostile/fuzz.py --seconds $(SECONDS_A_READER)

clean:
	rm -rf .tools out .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache

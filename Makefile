.PHONY: check test bench fuzz figures

check:
	ruff check .
	ruff format --check .
	mypy

test:
	pytest

bench:
	pytest tests/benchmarks

fuzz:
	PYTHONPATH=.:tests python -m fuzz.tally

figures:
	python docs/figures/make_overview.py

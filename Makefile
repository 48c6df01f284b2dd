.PHONY: check test bench figures

check:
	ruff check .
	ruff format --check .
	mypy

test:
	pytest

bench:
	pytest tests/benchmarks

figures:
	python docs/figures/make_overview.py

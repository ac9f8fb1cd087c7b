"""Benchmarks: ./run bench. Ratios within one run are judged, absolute figures reported."""

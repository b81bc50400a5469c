"""Evaluation: rankings, metrics, baselines, slices and intervals."""

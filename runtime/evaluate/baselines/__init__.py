"""The scoring of the baselines that stand in every evaluation."""

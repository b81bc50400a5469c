"""Training: batches, the loop, checkpoints and logs."""

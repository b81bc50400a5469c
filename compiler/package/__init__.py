"""sess: a compiler for session-based recommenders."""

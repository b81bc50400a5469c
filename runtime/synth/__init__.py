"""Click streams made from a schema: a planted order to learn, a long tail, drift."""

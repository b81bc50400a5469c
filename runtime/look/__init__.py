"""A look at data of which nothing is known yet, for `sess init`."""

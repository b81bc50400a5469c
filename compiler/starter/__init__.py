"""What `sess init` writes: a schema with guessed tags and a spec, from what a look at the data told."""

"""Load, decide, save: one transaction each."""

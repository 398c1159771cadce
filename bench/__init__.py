"""The measured claims. `python -m bench` prints them; what each figure means stands in README.md."""

"""The pages of docs/ that are read off the code, a file each; `docs/generate.py` writes them."""

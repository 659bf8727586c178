"""Figures over sizes: the largest that fits, tables over many, and what has a given count."""

"""A spec held against a real model's tensors, by their names and shapes."""

"""What changed: two sides, which of their models and layers are one, and why they differ."""

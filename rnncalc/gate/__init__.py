"""The gate: what limits there are, what a base allows, and the verdict on each model."""

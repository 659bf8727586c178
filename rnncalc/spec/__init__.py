"""A spec: YAML with positions, its keys and values, and the plan that it stands for."""

"""Why a count is what it is: formulas, what they depend on, and where two frameworks differ."""

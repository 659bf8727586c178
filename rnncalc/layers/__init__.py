"""What stands around the recurrent layers: like a cell, each is one function over its weights, without states.

It is applied to each position by itself; the trace reads shapes, counts, formulas and costs off it.
"""

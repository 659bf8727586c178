"""The recurrent cells, one file each.

To add a cell, add a file of its name here with a function of that name: the step, in the words of `rnncalc.cell`;
CONTRIBUTING.md has a whole one. Its command, its counts under `paper`, its equations, costs, forward pass, proof and
tests exist from then on. A framework that has the cell gets one entry in its file in `rnncalc/layouts/`.
"""

'''The recurrent cells, one file each.

To add a cell, add a file of its name here with a function of that name: the step, in the words of `rnncalc.cell`. This
is all of the update gate recurrent network (Collins et al. 2017):

    """Update gate recurrent network (Collins et al. 2017)."""

    from rnncalc.cell import Value, Weights, sigmoid, tanh

    GATES = {"c": "candidate: what could be written", "g": "update gate: how much of the state is kept"}


    def ugrnn(w: Weights, x: Value, h: Value) -> Value:
        c = tanh(w.c(x, h))
        g = sigmoid(w.g(x, h))
        return g * h + (1 - g) * c

Its command, its counts under `paper`, its equations, costs, forward pass, proof and tests exist from then on.
A framework that has the cell gets one entry in its file in `rnncalc/layouts/`.
'''

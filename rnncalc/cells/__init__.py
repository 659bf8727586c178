'''The recurrent cells, one file each.

To add a cell, add a file of its name here with a function of that name: the step, in the words of
`rnncalc.cell`. This is all of the minimal gated unit (Zhou et al. 2016):

    """Minimal gated unit (Zhou et al. 2016)."""

    from rnncalc.cell import Value, Weights, sigmoid, tanh

    GATES = {"f": "forget gate: how much of the state is renewed", "n": "candidate: what could be written"}


    def mgu(w: Weights, x: Value, h: Value) -> Value:
        f = sigmoid(w.f(x, h))
        n = tanh(w.n(x, f * h))
        return (1 - f) * h + f * n

Its command, its counts under `paper`, its equations, costs, forward pass, proof and tests exist from then on.
A framework that has the cell gets one entry in its file in `rnncalc/layouts/`.
'''

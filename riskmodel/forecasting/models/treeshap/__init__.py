"""Exact contributions of tree ensembles, many times faster than the recursion they are defined by.

:func:`compile_trees` turns a LightGBM model into look-up tables; :meth:`Compiled.contributions` reads them.
"""

from riskmodel.forecasting.models.treeshap.compiled import Compiled, compile_trees

__all__ = ["Compiled", "compile_trees"]

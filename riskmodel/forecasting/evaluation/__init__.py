"""Evaluation of forecasts: metrics per origin, their uncertainty, calibration and paired comparisons."""

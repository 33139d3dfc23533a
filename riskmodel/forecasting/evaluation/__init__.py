"""How good a forecast was: metrics per origin, their uncertainty, calibration and paired comparisons."""

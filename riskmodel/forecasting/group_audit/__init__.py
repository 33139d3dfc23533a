"""Group audit: differences in selection, errors and calibration between groups of areas."""

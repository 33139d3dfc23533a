"""Whether forecasts select and err differently for groups of areas."""

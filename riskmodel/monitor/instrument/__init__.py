"""An approximation of the score by published indicators and weights."""

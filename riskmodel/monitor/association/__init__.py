"""How a local indicator and the score vary together over areas."""

"""Released models and scoring with them."""

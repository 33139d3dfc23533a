"""The risk list as one HTML page."""

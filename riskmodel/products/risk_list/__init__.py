"""The risk list: from a forecast to ranked areas with drivers and sheets."""

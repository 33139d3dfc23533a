"""The panel: areas by waves by indicators, with what was public when."""

"""Records of lists, visits to their areas, and the evaluation of a list by its visits."""

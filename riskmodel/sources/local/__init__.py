"""Reader of a municipality's own tables, described by a mapping."""

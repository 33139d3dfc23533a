"""Papers that account for a model: model card, register entry, IAMA, group audit."""

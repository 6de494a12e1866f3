"""Identification by the vectors: what they were made to tell is told, what they know nothing of is chance."""

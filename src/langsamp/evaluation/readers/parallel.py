"""Stands at evaluation/tasks/readers/sentence_pairs.py now; kept for scripts that import it from here."""

from langsamp.evaluation.tasks.readers.sentence_pairs import open_parallel

__all__ = ["open_parallel"]

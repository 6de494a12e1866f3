"""Stands at data/text/cleaning.py now; kept here for scripts that import it from its first place."""

from langsamp.data.text.cleaning import clean_text

__all__ = ["clean_text"]

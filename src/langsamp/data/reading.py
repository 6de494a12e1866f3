"""Stands at data/text/formats.py now; kept here for scripts that import it from its first place."""

from langsamp.data.text.formats import documents_in

__all__ = ["documents_in"]

"""Imported, it has read what CLDR says of all languages, which a stage otherwise does for 85 % of its time.

A kill in that time harms nothing.
"""

from langsamp.cldr.locales import locales

locales()

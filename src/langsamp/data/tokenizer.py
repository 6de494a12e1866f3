"""Stands at data/tokens/tokenizer.py now; kept here for scripts that import it from its first place."""

from langsamp.data.tokens.tokenizer import load_tokenizer

__all__ = ["load_tokenizer"]

"""LangSAMP: language-script aware multilingual pretraining, from text to report."""

__version__ = "0.1.0"

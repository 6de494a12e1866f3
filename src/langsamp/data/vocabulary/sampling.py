"""The text that pieces are learned from: documents of every tag, small ones with more than their share."""

from langsamp.data.text.cleaning import clean_batches, clean_documents
from langsamp.data.text.corpus import Corpus, CorpusConfig
from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.data.tokens.tokenizer_sample import draw, sample_for_tokenizer
from langsamp.languages.tags import LangScript

Sample = dict[LangScript, list[str]]
"""Clean documents by tag."""


def sample_texts(corpus: Corpus, cleaning: CorpusConfig, config: TokenizerConfig) -> Sample:
    """The documents that preparing a recipe draws for its tokenizer, in the same order.

    Raises:
        UserError: where a tag's text is not as expected.
    """
    largest_first = sorted(corpus.tags, key=corpus.size, reverse=True)
    counts = {
        tag: sum(map(len, clean_batches(corpus.documents(tag), tag=tag, config=cleaning))) for tag in largest_first
    }
    quotas = sample_for_tokenizer(counts, total=config.sample_documents, alpha=config.alpha)
    return {
        tag: draw(
            clean_documents(corpus.documents(tag), tag=tag, config=cleaning), quota=quota, tag=tag, seed=config.seed
        )
        for tag, quota in quotas.items()
    }

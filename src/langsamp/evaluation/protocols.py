"""How tasks fine-tune: what the paper's text says (`fixed`), and what the authors' code does (`paper`).

Sources: the paper's appendix A for `fixed`; the original evaluation as it was run for `paper`, whose every departure
from the text is listed by `departures`.
"""

from typing import Literal

from pydantic import Field, model_validator

from langsamp.config import Config

Protocol = Literal["fixed", "paper"]


class FineTuning(Config):
    """Everything beside model, text and seed that a fine-tuned score depends on; stored with each cell."""

    epochs: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    """Rate of the first update; falls linearly to 0 without warm-up."""
    batch_size: int = Field(ge=1)
    """Examples of one update: the effective batch."""
    accumulation: int = Field(default=1, ge=1)
    """Parts of a batch whose mean losses are averaged; 1 = one mean over the whole batch, however it is computed."""
    max_tokens: int = Field(default=512, ge=8)
    """Window: tokens of one sequence at most, special tokens included; never more than the model has positions for."""
    max_gradient_norm: float | None = Field(default=1.0, gt=0)
    """Longer gradients are scaled down to this norm; None = never."""
    epsilon: float = Field(default=1e-8, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    select_every: int | None = Field(default=None, ge=1)
    """Updates between two looks at the dev set, with one more after the last update; None = after each epoch. The
    weights of the first of the best looks are kept."""
    drops_parts: bool = False
    """Original defect: of the parts of a batch only the last one moves the weights, its loss divided by
    `accumulation`, while the schedule is sized for all parts and steps once a batch, so that the rate only halves."""
    carries_parts: bool = False
    """Original defect: parts left over at the end of an epoch join the first batch of the next one."""
    schedule_first: bool = False
    """Original defect: the schedule steps before the optimizer, so that the last update has rate 0."""
    raw_epsilon: bool = False
    """Original optimizer: `epsilon` is added before the second moment is corrected for its start at zero, which makes
    it larger in the first updates (32 times in the first)."""
    seeds_head: bool = True
    """Whether the seed draws the new head; the original seeds after the head was drawn."""
    words_alone: bool = False
    """Original way of tagging: each word is tokenised alone and a sequence ends in two end tokens."""

    @model_validator(mode="after")
    def _parts_are_equal(self) -> "FineTuning":
        if self.batch_size % self.accumulation:
            raise ValueError(f"batch_size {self.batch_size} cannot be cut into {self.accumulation} equal parts")
        return self


FINE_TUNING: dict[tuple[str, Protocol], FineTuning] = {
    ("sequence-classification", "fixed"): FineTuning(epochs=40, learning_rate=1e-5, batch_size=16),
    ("token-classification", "fixed"): FineTuning(epochs=10, learning_rate=2e-5, batch_size=32),
    ("sequence-classification", "paper"): FineTuning(
        epochs=40, learning_rate=1e-5, batch_size=16, accumulation=2, max_tokens=100, max_gradient_norm=None,
        drops_parts=True, raw_epsilon=True, seeds_head=False,
    ),
    ("token-classification", "paper"): FineTuning(
        epochs=10, learning_rate=2e-5, batch_size=32, accumulation=4, max_tokens=256, select_every=1000,
        carries_parts=True, schedule_first=True, raw_epsilon=True, words_alone=True,
    ),
}  # fmt: skip
"""By kind of task and protocol; a task may override single fields (`Task.fine_tuning`)."""


def departures(kind: str, protocol: Protocol, *, task: str | None = None) -> tuple[str, ...]:
    """Where a protocol departs from the paper's text, one sentence each; `fixed` departs nowhere.

    The last ones, `Not repeated: ...`, say where `paper` cannot or does not do what the original code does.
    """
    if protocol == "fixed":
        return ()
    return (
        *_OF_KIND.get(kind, ()),
        *_OF_TASK.get(task or "", ()),
        *_NOT_REPEATED.get(kind, ()),
        *_PREPARATION_NOT_REPEATED.get(task or "", ()),
    )


_EPSILON = (
    "AdamW adds its epsilon of 1e-8 before the second moment is corrected, which slows the first updates a little."
)

_PLACEHOLDERS = (
    "Placeholders for what is missing (`<range>`, `-`, BLANK, a verse's number, a blank line) are scored like "
    "sentences; `fixed` leaves them out and its notes count them."
)

_OF_KIND: dict[str, tuple[str, ...]] = {
    "retrieval": (
        _PLACEHOLDERS,
        "Equally similar sentences stand in the order of the file, which helps a translation that comes early.",
    ),
    "sequence-classification": (
        _PLACEHOLDERS,
        "Half of the training examples are lost: a batch of 16 is computed in two parts of 8, and only the second part "
        "moves the weights, because gradients are cleared before each part. The effective batch is 8, not 16.",
        "The learning rate is planned for twice the updates that there are, so it falls to half of 1e-5 and not to 0.",
        "Gradients are not clipped.",
        "The new head is drawn before the seed is set, so the seed does not decide it.",
        _EPSILON,
    ),
    "token-classification": (
        "The dev set is looked at every 1,000 updates and after the last one, not after each epoch.",
        "A batch of 32 is computed in four parts of 8 whose mean losses are averaged: a word counts more where its "
        "part has fewer words.",
        "Parts that are left over at the end of an epoch join the first batch of the next one; those of the last epoch "
        "are lost.",
        "The schedule steps before the optimizer: the first update is made at less than the full rate, the last at 0.",
        _EPSILON,
        "Each word is tokenised alone, and two end tokens close a sequence.",
        "Sequences have at most 256 tokens: longer sentences are split between words, and a word with more than 253 "
        "tokens or none is read as the unknown token.",
    ),
}

_SEQUENCE_FILES = (
    "Files are read as CSV with quotes: a text that starts with a quotation mark swallows the lines up to the next "
    "one, and what does not fit then is skipped without a word.",
    "The texts NA, null and the like are read as missing and become the word nan.",
)

_OF_TASK: dict[str, tuple[str, ...]] = {
    "taxi1500": (
        *_SEQUENCE_FILES,
        "Texts are cut at 100 tokens.",
        "Four seeds are run, 42 to 45, where the paper says five; here as many as are asked for, by default 0 to 4.",
    ),
    "sib200": (
        *_SEQUENCE_FILES,
        "Texts are cut at 160 tokens.",
        "Five seeds are run, 42 to 46; here as many as are asked for, by default 0 to 4.",
    ),
    "ner": (
        "A word without label is read as O.",
        "One seed is run, 1, where the paper says five; here as many as are asked for, by default 0 to 4.",
    ),
    "pos": (
        "A word without label is read as X.",
        "The score is seqeval's F1 on labels without B- and I-: neighbours with the same label are one span, and the "
        "first letter of a label is taken for a prefix, so that CCONJ and SCONJ are the same.",
        "The label O, which no word has, is an eighteenth class.",
        "One seed is run, 1, where the paper says five; here as many as are asked for, by default 0 to 4.",
    ),
}

_DRAWS = (
    "Not repeated: the order of the examples and the draws of dropout, which in the original come from one random "
    "state that also depends on padding everything to the window.",
)
_ALL_ZERO = (
    "Not repeated: where every look at the dev set gives 0, the original keeps the last weights, since none was better "
    "than nothing; here those of the first look are kept, as of any equals."
)
_SILENT = (
    "Not repeated: the original passes by files that are missing; here each is named, and its language has no score."
)
_EVERY_FILE = (
    "Not repeated: the original scores every language whose file it finds, more than the paper's tables have; here "
    "those that are chosen."
)
_NOT_REPEATED: dict[str, tuple[str, ...]] = {
    "retrieval": (
        "Not repeated: from its second run on, the original reads blank lines as the unknown token.",
        "Not repeated: the original scores texts of fewer than ten lines, all hits; here they are refused.",
        "Not repeated: the original always pools the fifth block from the end, the eighth of twelve; here the one at "
        "two thirds of the depth, which is the same in models of twelve blocks.",
        "Not repeated: the original ranks by distances in single precision, which may swap sentences that are almost "
        "equally similar; here cosines are compared in double precision.",
        _SILENT,
    ),
    "sequence-classification": (
        _ALL_ZERO,
        _SILENT,
        _EVERY_FILE,
        "Not repeated: the original's head is another one each time; here a fixed seed of its own draws it.",
        *_DRAWS,
    ),
    "token-classification": (
        "Not repeated: the original stops at two blank lines in a row and at a file that begins with one.",
        "Not repeated: the original scores the parts of a split sentence as sentences of their own; here they are put "
        "together again.",
        "Not repeated: the original breaks words at one blank; here white space of any kind and number is one break.",
        _ALL_ZERO,
        _SILENT,
        *_DRAWS,
    ),
}

_JA = (
    "Not repeated: the preparation of the original's files gives the script Jpan to every file with `ja` in its name, "
    "also of other languages; here the script is what the file's name says, or that of its text."
)
_PREPARATION_NOT_REPEATED: dict[str, tuple[str, ...]] = {
    "ner": (_JA,),
    "pos": (
        _JA,
        "Not repeated: the preparation of the original's files takes blanks and U+200C out of words (of the Persian "
        "test set's 16,024 words, 1,015 change); here words are read as the treebank has them.",
    ),
}

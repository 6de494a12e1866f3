"""The tasks' data on the Hugging Face hub: which data set, and what of its rows is text and label.

| task | data set | configurations | columns |
|---|---|---|---|
| sib200 | Davlan/sib200 | tags | text, category |
| ner | unimelb-nlp/wikiann | codes of Wikipedia | tokens, ner_tags |
| pos | universal-dependencies/universal_dependencies | treebanks | tokens, upos |
| sr-tatoeba | mteb/tatoeba-bitext-mining | pairs with English | sentence1, sentence2 (English) |

The other tasks have no labelled or aligned copy there: Taxi1500 and SR-B are made of Bibles that may not be passed on.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic

from langsamp.data.text.odd_rows import OddRow, OddRows
from langsamp.data.text.tag_names import tag_named
from langsamp.errors import UserError
from langsamp.evaluation.tasks.examples import E, LabelledTexts, TaggedSentences, TrainAndDev
from langsamp.evaluation.tasks.readers.formats.label_spellings import label_named
from langsamp.evaluation.tasks.readers.formats.layouts import language_of
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText, paired
from langsamp.evaluation.tasks.readers.formats.sequences import noted as noted_texts
from langsamp.evaluation.tasks.readers.formats.split_files import FEWEST, Split, named
from langsamp.evaluation.tasks.readers.formats.tagged import noted as noted_words
from langsamp.evaluation.tasks.readers.hub import HubData, HubRows, find_hub_data, script_of
from langsamp.languages.scripts import letters_by_script, share_in_script
from langsamp.languages.tags import LangScript

SIB200_HUB = "Davlan/sib200"
NER_HUB = "unimelb-nlp/wikiann"
POS_HUB = "universal-dependencies/universal_dependencies"
TATOEBA_HUB = "mteb/tatoeba-bitext-mining"

_NO_TEXT = "_"
"""What stands for each word of a treebank whose text may not be passed on."""
_ENOUGH = 200
"""Sentences that tell a script."""


@dataclass(frozen=True, kw_only=True)
class HubExamples(Generic[E]):
    """Labelled text of a data set, each tag made of one configuration or of several, one after the other."""

    task: str
    data: HubData
    configurations: Mapping[LangScript, Sequence[str]]
    parse: Callable[[LangScript, Sequence[HubRows]], E]
    notes: tuple[str, ...] = ()
    """What was left out, with the reason."""

    @property
    def tags(self) -> Sequence[LangScript]:
        """The tags with a test set, sorted."""
        return sorted(tag for tag in self.configurations if self._having(tag, "test"))

    @property
    def sources(self) -> Sequence[LangScript]:
        """The tags with a train and a dev set, sorted."""
        return sorted(tag for tag in self.configurations if self._having(tag, "train") and self._having(tag, "dev"))

    def read(self, tag: LangScript) -> E:
        """The test set of one of `tags`.

        Raises:
            UserError: where it cannot be used.
        """
        examples: E = self._read(tag, "test")
        few = f"only {len(examples)} items: the score says little"
        return examples if len(examples) >= FEWEST else replace(examples, notes=(*examples.notes, few))

    def training(self, source: LangScript) -> TrainAndDev[E]:
        """The train and dev set of one of `sources`.

        Raises:
            UserError: where one cannot be used or `source` has none, naming the tags that have both.
        """
        if source not in self.sources:
            raise UserError(
                f"{self.data.source} has no train and dev set for {source}. Tags with both: {named(self.sources)}"
            )
        return TrainAndDev(train=self._read(source, "train"), dev=self._read(source, "dev"))

    def _having(self, tag: LangScript, split: Split) -> list[str]:
        return [each for each in self.configurations[tag] if split in self.data.splits(each)]

    def _read(self, tag: LangScript, split: Split) -> E:
        if tag not in self.configurations:
            raise UserError(f"{self.data.source} has no {split} set for {tag}; it has {named(self.tags)}")
        rows = [self.data.rows(each, split) for each in self._having(tag, split)]
        examples = self.parse(tag, rows)
        if not len(examples):
            raise UserError(f"{self.data.source}: expected at least one item for {tag}, got an empty {split} set")
        return examples


@dataclass(frozen=True, kw_only=True)
class HubPairs:
    """Parallel sentences of a data set."""

    data: HubData
    configurations: Mapping[LangScript, Sequence[str]]
    notes: tuple[str, ...] = ()

    @property
    def tags(self) -> Sequence[LangScript]:
        """The target languages, sorted."""
        return sorted(self.configurations)

    def read(self, tag: LangScript) -> ParallelText:
        """The sentences of `tag` beside the English ones.

        Raises:
            UserError: where they cannot be read.
        """
        (configuration,) = self.configurations[tag]
        rows = self.data.rows(configuration, "test")
        return paired(tag, rows.texts("sentence2"), rows.texts("sentence1"))


def hub_sib200(labels: Sequence[str], *, name: str = SIB200_HUB) -> HubExamples[LabelledTexts]:
    """SIB-200 of the hub."""

    def parse(tag: LangScript, rows: Sequence[HubRows]) -> LabelledTexts:
        (part,) = rows
        odd = OddRows()
        counts: Counter[str] = Counter()
        kept: list[tuple[str, str]] = []
        for number, (text, label) in enumerate(zip(part.texts("text"), part.texts("category"), strict=True)):
            try:
                wrong = next((each for each in (text, label) if isinstance(each, OddRow)), None)
                if wrong is None:
                    kept.append((text, label_named(label, labels, counts)))
                else:
                    odd.add(wrong)
            except UserError as error:
                odd.add(part.odd(number, str(error)))
        notes = [f"{number} {what}" for what, number in counts.items()] + odd.notes(len(kept) + odd.number)
        return noted_texts(tag, [text for text, _ in kept], [label for _, label in kept], notes)

    data = find_hub_data(name)
    tags = {tag: [each] for each in data.configurations if (tag := tag_named(each))}
    return HubExamples(task="sib200", data=data, configurations=tags, parse=parse)


def hub_ner(labels: Sequence[str], *, name: str = NER_HUB) -> HubExamples[TaggedSentences]:
    """WikiANN of the hub."""

    def parse(tag: LangScript, rows: Sequence[HubRows]) -> TaggedSentences:
        (part,) = rows
        return noted_words(tag, *_sentences(part, part.sequences("tokens"), part.sequences("ner_tags"), labels))

    data = find_hub_data(name)
    tags, notes = _tags(data, {each: each for each in data.configurations}, "ner", "tokens")
    return HubExamples(task="ner", data=data, configurations=tags, parse=parse, notes=notes)


def hub_pos(
    labels: Sequence[str], *, name: str = POS_HUB, without_label: str | None = None
) -> HubExamples[TaggedSentences]:
    """Universal Dependencies of the hub, the treebanks of a language merged in the order of their names."""

    def parse(tag: LangScript, rows: Sequence[HubRows]) -> TaggedSentences:
        words: list[tuple[str, ...]] = []
        all_labels: list[tuple[str, ...]] = []
        notes = [f"made of {len(rows)} treebanks"] if len(rows) > 1 else []
        for part in rows:
            sentences = part.sequences("tokens")
            if left_out := _reason(tag, part, sentences):
                notes.append(f"{part.source} is left out: {left_out}")
                continue
            some_words, some_labels, some_notes = _sentences(
                part, sentences, part.sequences("upos"), labels, without_label=without_label
            )
            words += some_words
            all_labels += some_labels
            notes += some_notes
        return noted_words(tag, words, all_labels, notes)

    data = find_hub_data(name)
    tags, notes = _tags(data, {each: each.partition("_")[0] for each in data.configurations}, "pos", "tokens")
    return HubExamples(task="pos", data=data, configurations=tags, parse=parse, notes=notes)


def hub_tatoeba(*, name: str = TATOEBA_HUB) -> HubPairs:
    """The Tatoeba pairs of LASER on the hub."""
    data = find_hub_data(name)
    codes = {each: each.removesuffix("-eng") for each in data.configurations if each.endswith("-eng")}
    tags, notes = _tags(data, codes, "sr-tatoeba", "sentence1")
    return HubPairs(data=data, configurations=tags, notes=notes)


def _tags(
    data: HubData, codes: Mapping[str, str], task: str, column: str
) -> tuple[dict[LangScript, list[str]], tuple[str, ...]]:
    """The tags of configurations that name a language only; the text tells the script where nothing else does."""
    by_tag: defaultdict[LangScript, list[str]] = defaultdict(list)
    notes = []
    for configuration, code in codes.items():
        language = language_of(code)
        script = language and (script_of(language, task) or data.rows(configuration, "test").script(column))
        if language and script:
            by_tag[LangScript(language, script)].append(configuration)
        else:
            notes.append(f"{data.source}: {configuration} is left out, since {code!r} names no language of its own")
    return dict(by_tag), tuple(notes)


def _sentences(
    rows: HubRows,
    words: Sequence[tuple[str, ...] | OddRow],
    labels: Sequence[tuple[str, ...] | OddRow],
    known: Sequence[str],
    *,
    without_label: str | None = None,
) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]], list[str]]:
    """The sentences that have a word, each with as many labels, and notes; an odd one is left out.

    A word without a label (`_`) gets `without_label`, and makes its sentence odd where that is None.

    Raises:
        UserError: where more are odd than may be left out.
    """
    odd = OddRows("sentences")
    counts: Counter[str] = Counter()
    kept: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    for number, (sentence, given) in enumerate(zip(words, labels, strict=True)):
        if wrong := next((each for each in (sentence, given) if isinstance(each, OddRow)), None):
            odd.add(wrong)
        elif len(sentence) != len(given):
            odd.add(rows.odd(number, f"expected as many labels as words, got {len(given)} for {len(sentence)}"))
        elif sentence:
            try:
                whole = [each if each not in ("", "_") else without_label or each for each in given]
                kept.append((tuple(sentence), tuple(label_named(each, known, counts) for each in whole)))
            except UserError as error:
                odd.add(rows.odd(number, str(error)))
    notes = [f"{number} {what}" for what, number in counts.items()] + odd.notes(len(kept) + odd.number)
    return [sentence for sentence, _ in kept], [given for _, given in kept], notes


def _reason(tag: LangScript, rows: HubRows, sentences: Sequence[tuple[str, ...] | OddRow]) -> str | None:
    """Why a treebank is no text of `tag`; None where it is."""
    if all(word == _NO_TEXT for sentence in sentences for word in sentence):
        return "it comes without its text"
    counts = letters_by_script("\n".join(word for sentence in sentences[:_ENOUGH] for word in sentence))
    share = share_in_script(counts, tag.script)
    return f"{share:.0%} of its letters are {tag.script}" if counts and share < 0.5 else None

"""A recipe to start from: a commented template, with what the user has written into it."""

import math
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files as package_files
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from transformers import AutoModelForMaskedLM

from langsamp.data.findings import listed
from langsamp.data.phases import MANY_EPOCHS
from langsamp.data.text.folder import files_by_tag, likely_size
from langsamp.data.text.remote import TextFile
from langsamp.data.tokens.tokenizer import load_tokenizer
from langsamp.disk.files import write_text
from langsamp.errors import DataMissingError, UserError, did_you_mean
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.readers.formats.parallel import ENGLISH
from langsamp.evaluation.tasks.task import TaskData
from langsamp.languages.aliases import match
from langsamp.languages.table import is_head
from langsamp.languages.tags import LangScript
from langsamp.machine import bf16_instructions
from langsamp.model.build import check_continuable
from langsamp.model.heads import check_trainable
from langsamp.model.hidden_layers import default_layer
from langsamp.model.pretrained.hub_folder import model_folder
from langsamp.model.pretrained.load_pretrained import head_is_untrained, load_pretrained
from langsamp.model.pretrained.model_config import load_config
from langsamp.model.shapes import positions
from langsamp.recipes.draft import Draft

TEMPLATES = ("quickstart", "text", "continue", "paper", "lab", "continued")
"""Recipes to start from: the embedded text, text of one's own, a pretrained encoder, the paper's settings; the studies
of tiny encoders from nothing and of a continued one."""
_ROOM = {"text": ("text", "continue"), "encoder": ("continue",), "data": ("continue",)}
_TASKS, _EMBEDDED = ("sr-bible", "sr-tatoeba", "sib200"), "sr-cldr"
_WATCHED, _WATCHED_FOR_ALL = 10, "deu_Latn,hin_Deva,swh_Latn,tur_Latn,amh_Ethi"
"""Languages that scores on the way are taken in, at most; those that tell of forgetting where none of the user's is in
the embedded test set."""
_LARGE = 100_000
"""Tokens of a vocabulary from which on cutting it makes a step much cheaper."""
_PIECES, _FEWEST_PIECES = 1_000, 4_000
"""Of a new tokenizer for each tag, and in all."""
_BYTES_A_TOKEN = 4
"""Of UTF-8 text, about: to tell how many steps read it once. `--plan` counts."""


class Given(NamedTuple):
    """What a user has."""

    encoder: str | None = None
    """Folder or hub id."""
    text: Path | None = None
    """Folder of <tag>.txt files."""
    data: Path | None = None
    """Folder of the tasks' test sets."""


def template(name: str) -> str:
    """The commented recipe of that name.

    Raises:
        UserError: where there is none.
    """
    if name not in TEMPLATES:
        raise UserError(f"no template {name!r}.{did_you_mean(name, TEMPLATES)} There are {', '.join(TEMPLATES)}")
    return package_files("langsamp").joinpath("recipes", f"{name}.yaml").read_text(encoding="utf-8")


def new_recipe(path: Path, source: str, given: Given | None = None) -> list[str]:
    """Write the template `source` as the recipe `path`, named after its file; a sentence for each thing filled in.

    An encoder is loaded once, so that what cannot be continued is refused here. Without test sets the embedded
    task scores.

    Raises:
        UserError: where there is no such template, where it has no room for what is given, where `path` is there
            already or cannot be written, and for an encoder or text that cannot be used.
        DataMissingError: where a folder or model is absent.
    """
    given = given or Given()
    text = template(source)
    _check_room(source, given)
    if given.data is not None and given.text is None:
        raise UserError("--data says in which languages of --text there are test sets; give that too")
    if path.exists():
        raise UserError(f"{path} is there already: name a new file, so that nothing is lost")
    if path.suffix not in (".yaml", ".yml"):
        raise UserError(f"{path}: a recipe is a YAML file; give it the ending .yaml")
    draft = Draft(text)
    draft.put("name", re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._") or source)
    said: list[str] = []
    tags: list[LangScript] = []
    if given.text is not None:
        files = files_by_tag(given.text)
        tags = sorted(files, key=lambda tag: (not is_head(tag), tag))
        said += _fill_text(draft, given.text, tags)
        if source == "text":
            said += _fit_size(draft, files)
    if given.encoder is not None:
        said += _fill_encoder(draft, given.encoder, given.text)
    if draft.has("evaluation.data") and tags:
        said += _fill_tasks(draft, given.data, tags)
    write_text(path, draft.text)
    return said


def _check_room(source: str, given: Given) -> None:
    for name, value in given._asdict().items():
        if value is not None and source not in _ROOM[name]:
            raise UserError(f"--{name} is for --from {' or '.join(_ROOM[name])}, and this is {source}: leave it out")


def _fill_text(draft: Draft, text: Path, tags: Sequence[LangScript]) -> list[str]:
    heads = sum(map(is_head, tags))
    draft.put("corpus.source", str(text))
    if not draft.has("sampler.replay"):
        return [f"{text}: {len(tags)} languages, all of them"]
    draft.put("corpus.languages", ",".join(map(str, tags)))
    if heads in (0, len(tags)):
        draft.drop("sampler.replay")
    said = [f"{text}: {heads} head languages and {len(tags) - heads} tail ones"]
    if len(tags) == 1:
        draft.put("training.anchor.target", "start")  # what is neutral among languages takes several
    if not heads:
        said.append(
            "no head language has text here: what an encoder knows is forgotten where it is never read. Put text of a "
            "few that it knows well beside yours"
        )
    return said


def _fit_size(draft: Draft, text: Mapping[LangScript, Sequence[TextFile]]) -> list[str]:
    """No more steps than read all of the text `MANY_EPOCHS` times, and pieces as the template advises for each tag."""
    pieces = min(draft.value("tokenizer.vocab_size"), max(_FEWEST_PIECES, _PIECES * len(text)))
    draft.put("tokenizer.vocab_size", pieces)
    said = [f"tokenizer.vocab_size {pieces:,}"]
    tokens = sum(map(likely_size, chain.from_iterable(text.values()))) / _BYTES_A_TOKEN
    steps = math.ceil(MANY_EPOCHS * tokens / draft.value("rows.row_tokens") / draft.value("sampler.rows_per_step"))
    if steps < draft.value("training.steps"):
        draft.put("training.steps", steps)
        for key in ("warmup_steps", "held_out_every", "checkpoint_every"):
            draft.put(f"training.{key}", min(draft.value(f"training.{key}"), math.ceil(steps / 10)))
        said.append(
            f"training.steps {steps:,}: your text about {MANY_EPOCHS} times over; more of the same teaches little"
        )
    return said


def _fill_encoder(draft: Draft, encoder: str, text: Path | None) -> list[str]:
    folder = model_folder(encoder)
    check_trainable(
        load_config(folder).model_type
    )  # before the tokenizer, which a model of speech or pictures has none of
    check_continuable(folder, load_tokenizer(encoder))
    loaded = load_pretrained(AutoModelForMaskedLM, folder)
    config = loaded.model.config
    layers = int(config.num_hidden_layers)
    draft.put("model.init", encoder)
    if (longest := positions(config)) < draft.value("rows.row_tokens"):
        draft.put("rows.row_tokens", longest)
    draft.put("training.anchor.layer", [default_layer(layers), layers])
    head = "its LM head"
    if loaded.absent or head_is_untrained(loaded.model):
        head = f"{'no' if loaded.absent else 'an untrained'} LM head, so that a new one learns first"
    else:
        for key in ("model.new_head", "training.head_warmup_steps", "training.head_warmup_learning_rate"):
            draft.drop(key)
    said = [f"{encoder}: {layers} layers, {config.vocab_size:,} tokens, {head}"]
    if bf16_instructions():
        draft.put("training.precision", "bf16")
        said.append("this processor computes in bf16, faster than in fp32: training.precision bf16")
    if config.vocab_size > _LARGE and text is not None:
        said.append(
            "a step is much cheaper without the tokens that your text does not need: `langsamp tokenizer trim "
            f"{encoder} --text {text} --min-count 3 --out trimmed`, then `langsamp new` with --encoder trimmed"
        )
    return said


def _fill_tasks(draft: Draft, data: Path | None, tags: Sequence[LangScript]) -> list[str]:
    """Leave the tasks with test sets in some of the languages; the embedded one where no test sets are given."""
    embedded = _tested(_EMBEDDED, None, tags)
    draft.put("monitor.languages", ",".join(map(str, embedded[:_WATCHED])) or _WATCHED_FOR_ALL)
    if data is not None:
        tested = {name: there for name in _TASKS if {*(there := _tested(name, data, tags))} - {ENGLISH}}
        if not tested:
            raise UserError(
                f"{data} has no test set of {', '.join(_TASKS)} in these languages; `langsamp tasks` tells more"
            )
        draft.put("evaluation.data", str(data))
    else:
        tested = {_EMBEDDED: embedded}
        draft.drop("evaluation.data")
        if not embedded:
            draft.put("evaluation.languages", _WATCHED_FOR_ALL)
    draft.put("evaluation.tasks", list(tested))
    scored = {tag for there in tested.values() for tag in there}
    untested = [tag for tag in tags if tag not in scored and tag != ENGLISH]
    if scored and untested:
        draft.put("evaluation.languages", ",".join(str(tag) for tag in tags if tag in scored))
    if "sib200" not in tested:
        draft.drop("evaluation.fine_tuning")
    said = [f"scored on {', '.join(f'{name} ({len(there)} of them)' for name, there in tested.items())}"]
    if not scored:
        said.append(
            "the embedded test set has none of these languages: it tells only whether others are forgotten; give test "
            "sets with --data"
        )
    elif untested:
        said.append(f"no test set of {listed(list(map(str, untested)))}: held-out text alone judges what comes of them")
    return said


def _tested(name: str, data: Path | None, tags: Sequence[LangScript]) -> list[LangScript]:
    """The languages that a task has test items in."""
    try:
        reader = task(name).open(TaskData(data=data))
    except DataMissingError:
        return []
    return list(match(tags, reader.tags))

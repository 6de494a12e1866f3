"""Models in and out: the authors' checkpoints, layouts that other libraries load, the Hugging Face hub."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

from langsamp.api.given import path
from langsamp.api.result import Result, readable
from langsamp.disk.folders import check_new_folder
from langsamp.errors import UserError, did_you_mean
from langsamp.model.conditioning import LANGUAGES
from langsamp.model.hidden_layers import default_layer
from langsamp.model.interchange.cutting import depth_of
from langsamp.model.interchange.importing import import_checkpoint as read_checkpoint
from langsamp.model.interchange.onnx_graph import write_onnx
from langsamp.model.interchange.original import write_original
from langsamp.model.interchange.pushing import plan_upload, send
from langsamp.model.interchange.sentence_vectors import write_sentence_transformers
from langsamp.model.pretrained.hub_folder import model_folder
from langsamp.progress import say
from langsamp.remote.session import takes_addresses
from langsamp.training.checkpoint import checkpoints
from langsamp.training.exporting import export as export_training

LayoutName = Literal["huggingface", "original", "sentence-transformers", "onnx"]
LAYOUTS: tuple[LayoutName, ...] = get_args(LayoutName)


@takes_addresses
def import_checkpoint(
    checkpoint: str | Path, ids: str | Path, out: str | Path, *, tokenizer: str | Path | None = None
) -> Path:
    """An export `out` of a checkpoint in the layout of LangSAMP's authors, with `ids`, its id table.

    Every call here takes the folder; its outputs are the checkpoint's. What is doubtful is said on stderr.

    Raises:
        DataMissingError: where one of them is not there.
        UserError: where they contradict each other, or something is at `out`; nothing is written then.
    """
    imported = read_checkpoint(path(checkpoint), path(ids), path(out), tokenizer=tokenizer)
    for note in imported.notes:
        say(f"note: {note}")
    return imported.folder


@takes_addresses
def export(model: str | Path, out: str | Path, *, layout: LayoutName = "huggingface", layer: int | None = None) -> Path:
    """A trained model as a new folder `out` that other libraries load.

    `model` is a training's folder or a checkpoint, and for every layout but `huggingface` an export too, for
    `sentence-transformers` and `onnx` any encoder. `layer` is the hidden state that those two give: by default two
    thirds of the depth, as `evaluate` takes it, and the last.

    Raises:
        DataMissingError: where `model` is none of these, or a package is missing.
        UserError: for another layout, a layer that there is not, and where something is at `out`.
    """
    model, out = path(model), path(out)
    if layout not in LAYOUTS:
        raise UserError(f"no layout {layout!r}: expected one of {', '.join(LAYOUTS)}.{did_you_mean(layout, LAYOUTS)}")
    if layer is not None and layout in ("huggingface", "original"):
        raise UserError(f"layout {layout} holds every layer: leave the layer out, or choose another layout")
    check_new_folder(out)
    if layout == "huggingface":
        if (model / LANGUAGES).is_file():
            raise UserError(f"{model} is an export already, which stock libraries load: name another layout")
        return export_training(model, out)
    if not _is_training(model):
        return _write(model_folder(model), out, layout, layer)
    with TemporaryDirectory(prefix="langsamp-") as scratch:
        return _write(export_training(model, Path(scratch) / "export"), out, layout, layer)


@takes_addresses
def push(model: str | Path, repository: str, *, yes: bool = False, public: bool = False) -> Result:
    """What of a model's folder would go to the Hugging Face hub; with `yes` it is sent, under your own login.

    A new repository is private unless it is to be `public`. The result's `data` is the `Upload`.

    Raises:
        DataMissingError: where there is no such folder.
        DamagedError: where a file of an export is not as it was written.
        UserError: where it is no model; with `yes` where there is no login, no network, or a public repository.
    """
    upload = plan_upload(path(model), repository, public=public)
    total = sum(size for _, size in upload.files)
    rows = [{"file": name, "bytes": f"{size:,}"} for name, size in upload.files]
    left = (f"These stay here: {', '.join(upload.left_out)}",) if upload.left_out else ()
    where = f"{repository} ({'private' if upload.is_private else 'public'})"
    if yes:
        lines = (*left, f"Sent to {send(upload)}")
    else:
        lines = (*left, "Nothing was sent. Read README.md and provenance.json, then add --yes (from Python: yes=True)")
    title = f"{len(rows)} files, {total:,} bytes, for {where}"
    return Result(title="", tables=readable({title: rows}), lines=lines, data=upload, folder=upload.folder)


def _is_training(model: Path) -> bool:
    return (model / "checkpoint.json").is_file() or bool(checkpoints(model) or checkpoints(model / "checkpoints"))


def _write(folder: Path, out: Path, layout: LayoutName, layer: int | None) -> Path:
    if layout == "original":
        write_original(folder, out)
    elif layout == "sentence-transformers":
        depth = depth_of(folder)
        chosen = default_layer(depth) if layer is None else layer
        write_sentence_transformers(folder, out, layer=chosen)
        say(f"Sentence vectors: layer {chosen} of {depth}, mean over all tokens")
        if layer is None:
            say(f"note: of a sentence encoder that was continued the last layer is better: --layer {depth}")
    else:
        difference = write_onnx(folder, out, layer=depth_of(folder) if layer is None else layer)
        say(f"Checked against torch: the largest difference is {difference:.1e}")
    return out

"""An encoder as a folder that sentence-transformers and mteb load: one layer, the mean over a sentence's tokens."""

from pathlib import Path

from langsamp.disk.files import replacing, write_json
from langsamp.model.hidden_layers import MAX_PIECES
from langsamp.model.interchange.closing import Layout, close_folder, copy_tokenizer, name_of
from langsamp.model.interchange.cutting import cut_encoder, depth_of
from langsamp.model.shapes import positions

_PARTS = (
    ("0", "", "sentence_transformers.models.Transformer"),
    ("1", "1_Pooling", "sentence_transformers.models.Pooling"),
)
"""Name, folder and class of what a sentence passes, by names that every version of the library reads."""
_USE = """\
Sentence vectors of width {width}: the mean over all tokens of a sentence, `<s>` and `</s>` included, of layer {layer}
of {depth} of `{source}`. The layers above are cut off.

```python
from sentence_transformers import SentenceTransformer

vectors = SentenceTransformer("path/to/this/folder").encode(["one sentence", "another"])
```
"""


def write_sentence_transformers(folder: Path, out: Path, *, layer: int) -> None:
    """Write `out`: the encoder in `folder` up to `layer`, with mean pooling.

    Its vectors are those of `langsamp evaluate` at that layer. Layer and pooling stand in card and provenance.

    Raises:
        UserError: as `cut_encoder`.
    """
    encoder = cut_encoder(folder, layer)
    width, depth = int(encoder.config.hidden_size), depth_of(folder)
    longest = min(positions(encoder.config), MAX_PIECES)  # as is scored, whatever rows it was trained on
    with replacing(out) as fresh:
        encoder.save_pretrained(fresh)
        copy_tokenizer(folder, fresh)
        (fresh / "1_Pooling").mkdir()
        pooling = {"word_embedding_dimension": width, "pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}
        write_json(fresh / "1_Pooling" / "config.json", pooling)
        parts = [
            {"idx": index, "name": name, "path": path, "type": kind} for index, (name, path, kind) in enumerate(_PARTS)
        ]
        write_json(fresh / "modules.json", parts)
        write_json(fresh / "sentence_bert_config.json", {"max_seq_length": longest, "do_lower_case": False})
        write_json(fresh / "config_sentence_transformers.json", {"prompts": {}, "similarity_fn_name": "cosine"})
        use = _USE.format(width=width, layer=layer, depth=depth, source=name_of(folder))
        front = "library_name: sentence-transformers\npipeline_tag: sentence-similarity\ntags:\n- langsamp\n"
        facts = {"layer": layer, "layers": depth, "pooling": "mean over all tokens"}
        close_folder(fresh, Layout("sentence-transformers", folder, out.name, use, front, facts))

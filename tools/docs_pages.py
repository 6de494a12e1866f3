"""Pages of the site that are read off the code when it is built (a MkDocs hook): a recipe's keys, and the tasks."""

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from langsamp.evaluation.tasks.registry import TASKS
from langsamp.evaluation.tasks.task_help import describe_task
from langsamp.recipe_reference import Key, keys


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the site."""
    for name, text in (("recipe.md", recipe_page()), ("tasks.md", tasks_page())):
        files.append(File.generated(config, name, content=text))
    return files


def recipe_page() -> str:
    """Every key of a recipe, section by section."""
    parts = [
        "# The keys of a recipe\n\nA recipe is a YAML file; `langsamp new mine.yaml` writes one to start from, "
        "`langsamp recipe KEY` says the same as this page, and `langsamp recipe --schema > recipe.json` gives editors "
        "completion. On the command line `--set training.steps=100` puts a value over the file's.\n"
    ]
    sections: dict[str, list[Key]] = {}
    for key in keys():
        sections.setdefault(key.path.rpartition(".")[0], []).append(key)
    for section, entries in sections.items():
        title = f"`{section}`" if section else "The run"
        parts.append(f"\n## {title}\n\n| key | type | default | meaning |\n|---|---|---|---|\n")
        parts += [_row(entry) for entry in entries]
    return "".join(parts)


def tasks_page() -> str:
    """Every task with what it measures, its protocols and where its data come from."""
    parts = [
        "# Tasks\n\n`langsamp tasks NAME` says the same; `langsamp tasks NAME --data FOLDER --samples 3` shows items.\n"
    ]
    for task in TASKS.values():
        parts.append(f"\n## {task.name}\n")
        for title, lines in describe_task(task).items():
            if title == task.name:
                parts.append("\n" + "".join(f"{_escaped(line)}\n" for line in lines))
            elif len(lines) == 1:
                parts.append(f"\n**{title}**: {_escaped(lines[0])}\n")
            else:
                parts.append(f"\n**{title}**\n\n" + "".join(f"- {_escaped(line)}\n" for line in lines))
    return "".join(parts)


def _row(key: Key) -> str:
    default = f"`{key.default}`" if key.default else "must be given"
    cells = (f"`{key.path}`", _escaped(key.type), default.replace("|", "\\|"), _escaped(key.meaning))
    return f"| {' | '.join(cells)} |\n"


def _escaped(text: str) -> str:
    """Text whose signs stand for themselves, also in a table; between backticks only the table's."""
    parts = text.split("`")
    parts[::2] = [part.replace("<", "&lt;").replace("{", "&#123;") for part in parts[::2]]
    return "`".join(parts).replace("|", "\\|")

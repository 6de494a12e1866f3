"""All verbs of the command `langsamp`, as one application."""

from langsamp.cli import (
    analyses,
    donors,
    lookups,
    models,
    new_languages,
    recipes,
    runs,
    scores,
    tokenizer,
)
from langsamp.cli.application import Application

app = Application(
    name="langsamp", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)
for verb in (
    recipes.new,
    recipes.recipe,
    runs.run,
    runs.prepare,
    runs.train,
    models.export,
    models.import_checkpoint,
    models.push,
    scores.evaluate,
    scores.compare,
    scores.table,
    runs.report,
    models.explore,
    donors.donors,
    lookups.tasks,
    new_languages.identify,
    lookups.doctor,
    lookups.bench,
):
    app.command("import" if verb is models.import_checkpoint else None)(verb)
analyses.app.command()(donors.transfer)
app.add_typer(analyses.app)
app.add_typer(tokenizer.app)
app.add_typer(new_languages.app)

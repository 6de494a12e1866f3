"""What a table of the paper cannot be made of."""

import pandas as pd

from langsamp.errors import UserError
from langsamp.scores.published import PREFIX
from langsamp.views.paper_tables.task_names import DONOR_TABLES, ENGLISH


def check_models(scores: pd.DataFrame, *, number: int, printed: bool) -> None:
    """Accept the models of `scores` for Table `number`, beside what the paper prints or without.

    Raises:
        UserError: for a Table 2 of published models alone, which are other models than the paper's Table 2 compares.
    """
    models = sorted(set(scores.model_name))
    if number == 2 and not printed and models and all(name.startswith(PREFIX) for name in models):
        of_table_1 = "is a model" if len(models) == 1 else "are models"
        raise UserError(
            "the paper's Table 2 compares four models of an ablation, of which it gives no scores by language; "
            f"{' and '.join(models)} {of_table_1} of its Table 1. Add --printed (`printed=True`) for what Table 2 "
            "prints, or give a run with several variants"
        )


def check_sides(number: int, *, source: str, has_donors: bool) -> None:
    """Refuse a source or donors that Table `number` would pass by.

    Raises:
        UserError: for either.
    """
    of_donors = number in (3, 4, *DONOR_TABLES)
    if source != ENGLISH and (of_donors or number == 5):
        other = "compares English with the donor of each target" if of_donors else "counts languages of all sources"
        raise UserError(f"Table {number} {other}, so it takes no source ({source}). Other tables do: 1, 2, 6, 7 to 14")
    if has_donors and not of_donors:
        raise UserError(f"Table {number} has no donors; tables with donors are 3, 4 and 15 to 19")

"""What a table of the paper cannot be made of."""

import pandas as pd

from langsamp.errors import UserError
from langsamp.scores.published import PREFIX


def check_models(scores: pd.DataFrame, *, number: int, printed: bool) -> None:
    """Accept the models of `scores` for Table `number`, beside what the paper prints or without.

    Raises:
        UserError: for a Table 2 of published models alone, which are other models than the paper's Table 2 compares.
    """
    models = sorted(set(scores["model_name"]))
    if number == 2 and not printed and models and all(name.startswith(PREFIX) for name in models):
        of_table_1 = "is a model" if len(models) == 1 else "are models"
        raise UserError(
            "the paper's Table 2 compares four models of an ablation, of which it gives no scores by language; "
            f"{' and '.join(models)} {of_table_1} of its Table 1. Add --printed (`printed=True`) for what Table 2 "
            "prints, or give a run with several variants"
        )

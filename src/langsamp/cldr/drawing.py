"""Meanings at random: single ones of a split, and documents of a few that belong together."""

from collections.abc import Collection, Sequence
from random import Random

from langsamp.cldr.meanings import Meaning, Split
from langsamp.cldr.templates import TEMPLATES, Known, one
from langsamp.errors import UserError

_THEMES = ("world", "world", "world", "time", "size", "mixed")
"""Each theme as often as its share of documents."""

_ATTEMPTS = 10_000
_ATTEMPTS_NEAR = 20


class Drawing:
    """Draws from all meanings that can be said with what is known."""

    def __init__(self, known: Collection[str]) -> None:
        """Take the names of concepts and ways of saying."""
        self._known = Known(known)
        self.ways = tuple(name for name, template in TEMPLATES.items() if template.needs(self._known))
        """The names of the ways of drawing that are possible."""
        by_theme = {theme: tuple(name for name in self.ways if TEMPLATES[name].theme == theme) for theme in _THEMES}
        self._themes = tuple(by_theme[theme] or by_theme["world"] for theme in _THEMES)

    def document(self, rng: Random, split: Split) -> list[Meaning]:
        """Two to four meanings of one theme; those about the world are about one place and its neighbours."""
        ways, territory = one(rng, self._themes), self._known.a_place(rng)
        meanings: dict[Meaning, None] = {}
        for _ in range(2 + int(rng.random() * 3)):
            meanings[self.draw(rng, split, ways, territory=territory)] = None  # the same meaning is said once
        return list(meanings)

    def draw(self, rng: Random, split: Split, ways: Sequence[str], *, territory: str | None = None) -> Meaning:
        """A meaning of `split`, drawn in one of `ways`, about `place` if there is something to say of it.

        Raises:
            UserError: where no draw gave any: what is known is too little for a meaning of `split`.
        """
        for attempt in range(_ATTEMPTS):
            about = territory if territory and attempt < _ATTEMPTS_NEAR else self._known.a_place(rng)
            meaning = TEMPLATES[one(rng, ways)].draw(self._known, rng, about)
            if meaning is not None and meaning.is_in(split):
                return meaning
        raise UserError(
            f"{_ATTEMPTS} draws in the ways {', '.join(ways)} gave no meaning of the split {split}: CLDR has too few "
            "names for them; choose another tag"
        )

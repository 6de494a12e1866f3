"""How far two languages are apart: on the globe, and in the tree of genealogy.

Both come from Glottolog 4.0 (Hammarström, Forkel, Haspelmath; CC BY 4.0) through the packaged table. The script of a
tag plays no part in either.
"""

from itertools import takewhile
from math import asin, cos, radians, sin, sqrt

from langsamp.languages.table import check, describe, lineage
from langsamp.languages.tags import LangScript

EARTH_RADIUS = 6371.0
"""Mean radius in kilometres."""


def kilometres(first: LangScript, second: LangScript) -> float | None:
    """Length of the great circle between the homes of two languages; None where a home is not known.

    A home is one point, so between neighbours, and between languages spoken over continents, the number says little.

    Raises:
        UserError: where a tag is not valid, as `table.check` says.
    """
    here, there = describe(first).coordinates, describe(second).coordinates
    if first.language == second.language:
        return 0.0
    if here is None or there is None:
        return None
    south, west, north, east = map(radians, (*here, *there))
    # Haversine (Sinnott 1984), exact enough for near points too.
    half_chord = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin((east - west) / 2) ** 2
    return 2 * EARTH_RADIUS * asin(min(1.0, sqrt(half_chord)))


def tree_distance(first: LangScript, second: LangScript) -> int | None:
    """Number of edges between two languages in Glottolog's tree: 0 for a language and itself, 2 for sisters.

    A macrolanguage and a member right below it are 1 apart. None where they have no common node: languages of different
    families, or of unknown genealogy (constructed languages, pidgins). Branches that were studied more have more nodes,
    so numbers compare well inside a family and roughly between families.

    Raises:
        UserError: where a tag is not valid, as `table.check` says.
    """
    shared = shared_nodes(first, second)
    if first.language == second.language:
        return 0
    return len(lineage(first.language)) + len(lineage(second.language)) - 2 * shared if shared else None


def shared_nodes(first: LangScript, second: LangScript) -> int:
    """Number of nodes of Glottolog's tree that both languages stand at or below: more for nearer kin, 0 for none.

    It does not depend on how finely their own branches are divided. Edges do: German and Dutch are 12 apart and share 4
    nodes, Armenian and Lithuanian, whose branches have few, are 6 apart and share 1.

    Raises:
        UserError: where a tag is not valid, as `table.check` says.
    """
    check(first)
    check(second)
    pairs = zip(lineage(first.language), lineage(second.language), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

"""What a run stands: killed at random moments in each stage, and with one byte of a file changed.

A stage that was killed, started again until it is done, must leave what an undisturbed one leaves. A changed byte must
be found by the next command that uses the file, which names it.
"""

import random
import shutil
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from langsamp.bench.faults.artefacts import content, curves, differences, kind, stamps
from langsamp.bench.faults.commands import Ended, run_command
from langsamp.bench.faults.victim import COMPARE, EXPORT, KINDS, REPORT, TRAIN, Stage, Victim
from langsamp.bench.record import Record, Row, Target
from langsamp.errors import DamagedError, UserError
from langsamp.progress import Bar, say

_KILLED = -9
IMPORTED = ["langsamp.bench.faults.embedded_text"]
"""What of a stage is done before it starts."""
_PATIENCE = 10
"""Attempts for each kill that may be done before their moment comes."""
_LAST_LINE = b"# sha256"
"""Begins the comment with a text's checksum: changed, it is another comment."""


@dataclass(frozen=True, kw_only=True)
class FaultSize:
    """How much harm is done."""

    kills: int
    """Over all stages."""
    flips: int
    """Bytes that are changed, over all kinds of files."""
    seed: int = 0

    def counted(self, number: int | None) -> "FaultSize":
        """The same with `number` kills and half as many changed bytes; itself for None."""
        return self if number is None else replace(self, kills=number, flips=number // 2)


QUICK = FaultSize(kills=16, flips=30)
NORMAL = FaultSize(kills=200, flips=100)


def measure_faults(size: FaultSize) -> Record:
    """How often a run of all stages was harmed, and how often it stood that.

    Raises:
        UserError: where a stage that nobody disturbs fails.
    """
    with tempfile.TemporaryDirectory(prefix="langsamp-faults-") as scratch:
        harm = Harm(Victim(Path(scratch)), random.Random(size.seed))
        stages = harm.victim.stages
        shares = [-(-(size.kills - number) // len(stages)) for number in range(len(stages))]
        with Bar("faults", total=size.kills + size.flips, unit="faults") as bar:
            killed = [harm.kill(stage, share, bar) for stage, share in zip(stages, shares, strict=True)]
            changed = harm.flip(size.flips, bar)
    return Record(
        name="faults",
        measures=(
            "Each stage killed (SIGKILL) at random moments and started again until it is done: what it makes, compared "
            "with what an undisturbed one makes; and one byte changed in each kind of file, which the next command "
            "must name. Too late: it was done before it was to be killed, and was tried at another moment."
        ),
        unit="faults",
        rows=(*(tally.row for tally in killed), *(tally.row_of_artefacts for tally in killed), *changed),
        targets=(
            Target(name="kills", measured=sum(tally.killed for tally in killed), limit=size.kills),
            Target(name="of these, without a trace", measured=sum(tally.stood for tally in killed), limit=size.kills),
            Target(
                name="changed bytes that were named", measured=sum(row.stood or 0 for row in changed), limit=size.flips
            ),
        ),
        settings={**asdict(size), "troubles": harm.troubles},
    )


@dataclass
class Tally:
    """What one stage has stood."""

    stage: str
    killed: int = 0
    at_work: int = 0
    too_late: int = 0
    stood: int = 0
    compared: Counter[str] = field(default_factory=Counter)

    @property
    def row(self) -> Row:
        """Its kills."""
        return Row(
            variant=self.stage, group="killed", faults=self.killed, at_work=self.at_work, too_late=self.too_late,
            stood=self.stood,
        )  # fmt: skip

    @property
    def row_of_artefacts(self) -> Row:
        """Its artefacts."""
        return Row(variant=self.stage, group="files compared after kills").model_copy(update=self.compared)


@dataclass
class Harm:
    """Does harm to one run, stage after stage."""

    victim: Victim
    random: random.Random
    troubles: list[str] = field(default_factory=list)

    def kill(self, stage: Stage, times: int, bar: Bar) -> Tally:
        """`stage` undisturbed, then killed so many times; it is done in the end."""
        output, before = self.victim.output, self.victim.root / "before"
        output.mkdir(exist_ok=True)
        shutil.copytree(output, before)
        undisturbed = self._run(stage)
        if undisturbed.code:
            raise UserError(f"{stage.name} failed, and nobody disturbed it: {undisturbed.said[-500:]}")
        whole, lines, tally = content(output), curves(output), Tally(stage.name)
        artefacts = Counter(kind(name) for name, _ in whole.items() - content(before).items())
        in_a_row = 0
        while (tally.killed < times or in_a_row) and tally.too_late <= _PATIENCE * times:
            if not in_a_row:
                shutil.rmtree(output)
                shutil.copytree(before, output)
            ours = stamps(output)
            after = self.random.uniform(0, undisturbed.seconds) if tally.killed < times else None
            ended = self._run(stage, kill_after=after)
            if ended.code == _KILLED:
                in_a_row += 1
                tally.killed += 1
                tally.at_work += stamps(output) != ours
                bar.update()
                continue
            tally.too_late += after is not None
            wrong = self._wrong(stage, ended, whole, lines)
            for each in wrong:
                self._trouble(f"{stage.name}, after {in_a_row} kills: {each}")
            tally.stood += 0 if wrong else in_a_row
            tally.compared.update(artefacts if in_a_row else ())
            in_a_row = 0
        shutil.rmtree(before)
        say(f"faults: {stage.name}: {tally.killed} of {times} kills, {tally.stood} without a trace")
        return tally

    def _trouble(self, text: str) -> None:
        self.troubles.append(text)
        say(f"faults: {text}")

    def flip(self, times: int, bar: Bar) -> list[Row]:
        """One byte changed so many times, kind after kind of file."""
        rows = []
        for number, (pattern, verb) in enumerate(KINDS.items()):
            path, faults = sorted(self.victim.output.glob(pattern))[0], -(-(times - number) // len(KINDS))
            stood = sum(self._is_named(path, verb) for _ in range(faults))
            bar.update(faults)
            if faults > 0:
                rows.append(Row(variant=pattern, group="one byte changed", faults=faults, stood=stood))
        return rows

    def _is_named(self, path: Path, verb: str) -> bool:
        whole = path.read_bytes()
        at = self.random.randrange(whole.find(_LAST_LINE) % (len(whole) + 1))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << self.random.randrange(8)]) + whole[at + 1 :])
        ended = run_command(self._words(verb), said=self.victim.root / "said", imported=IMPORTED)
        path.write_bytes(whole)
        is_named = ended.code == DamagedError.exit_code and path.name in ended.said
        if not is_named:
            name = path.relative_to(self.victim.output)
            self._trouble(f"{name}, byte {at}: {verb} ended with {ended.code} and said {ended.said[-300:]!r}")
        return is_named

    def _words(self, verb: str) -> list[str]:
        elsewhere = str(self.victim.root / "elsewhere")
        return {
            TRAIN: ["train", str(self.victim.recipe)],
            EXPORT: ["export", str(self.victim.model), "-o", elsewhere],
            COMPARE: ["compare", str(self.victim.run), str(self.victim.output / "scores")],
            REPORT: ["report", str(self.victim.run), "-o", f"{elsewhere}.html"],
        }[verb]

    def _run(self, stage: Stage, kill_after: float | None = None) -> Ended:
        return run_command(
            stage.words,
            said=self.victim.root / "said",
            processes=stage.processes,
            kill_after=kill_after,
            killed=self.random.randrange(stage.processes),
            imported=IMPORTED,
        )

    def _wrong(
        self, stage: Stage, ended: Ended, whole: dict[str, str], lines: dict[str, list[dict[str, object]]]
    ) -> list[str]:
        if ended.code and not (stage.refuses and stage.refuses in ended.said):
            return [f"ended with {ended.code}: {ended.said[-500:]}"]
        wrong = list(differences(self.victim.output, whole))
        return wrong if curves(self.victim.output) == lines else [*wrong, "log.jsonl has other lines"]

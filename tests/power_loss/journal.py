"""The production journal, its file on a disk whose power may go, for actors on virtual time."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Event as Flag

from adapters.storage.jobs import Counters, Health
from adapters.storage.reader import JournalReader
from adapters.storage.sqlite import SqliteJournal
from messages.base import Event
from messages.journal import AppendStep, Replayed
from messages.types import Life

PATIENCE_S = 20.0
Later = Callable[[int, Callable[[], None]], object]
_Job = Callable[[], None]


class LossyJournal:
    """One life's journal. The writer's thread works only while virtual time waits for it.

    What is queued by then shares a commit. `acknowledged` gets every event whose step was answered with success,
    by ordinal and version; whether the power is gone, `lost` says: then nobody is answered any more, not even
    those whose commit was under way.
    """

    def __init__(
        self,
        journal: SqliteJournal,
        *,
        later: Later,
        delay_ns: Callable[[], int],
        acknowledged: dict[tuple[int, int], Event],
        lost: Callable[[], bool],
        life: Life,
    ) -> None:
        self._journal = journal
        self.path, self.journal_id, self.meta = journal.path, journal.journal_id, journal.meta
        self.lost_steps = journal.lost_steps
        self.lost_behind = journal.lost_behind
        self.life = life
        """One of each start, as in production; no random one, since a seed does the same again."""
        self.started = False
        """Until then, at the start of a process, whoever appends waits for the answer and lets no time pass."""
        self._later, self._delay_ns = later, delay_ns
        self._acknowledged, self._power_is_gone = acknowledged, lost
        self._buried = False
        self._queue: list[_Job] = []
        self._answers: list[_Job] = []

    def reader(self) -> JournalReader:
        return self._journal.reader()

    def counters(self) -> Counters:
        return self._journal.counters()

    def health(self) -> tuple[Health, str]:
        return self._journal.health()

    def reserve_held(self) -> int:
        return self._journal.reserve_held()

    def append(self, steps: Sequence[AppendStep], done: Callable[[str | None], None]) -> None:
        answer = partial(self._answer, steps, done)
        if self.started:
            self._put(lambda: self._journal.append(steps, lambda why: self._answers.append(partial(answer, why))))
        else:
            self._journal.append(steps, answer)

    def replay(self, ordinal: int, done: Callable[[Replayed], None]) -> None:
        self._put(lambda: self._journal.replay(ordinal, lambda read: self._answers.append(partial(done, read))))

    def history(self, ordinal: int, done: Callable[[tuple[bytes, ...]], None]) -> None:
        self._put(lambda: self._journal.history(ordinal, lambda read: self._answers.append(partial(done, read))))

    def lose_power(self, *, power: bool = False) -> None:
        """The process is gone, and its files with it: what is left is the image."""
        self._buried = True
        assert self._journal.close(int(PATIENCE_S * 1_000))

    def _lost(self) -> bool:
        return self._buried or self._power_is_gone()

    def _put(self, job: _Job) -> None:
        if not self._queue:
            self._later(self._delay_ns(), self._work)
        self._queue.append(job)

    def _work(self) -> None:
        """All that is queued in one commit: the writer is held until it is all there."""
        if self._lost():
            return
        gate, through = Flag(), Flag()
        self._journal.history(0, lambda _: _pass(gate))
        queue, self._queue = self._queue, []
        for job in queue:
            job()
        self._journal.history(0, lambda _: through.set())
        gate.set()
        _pass(through)
        answers, self._answers = self._answers, []
        if not self._lost():
            for answer in answers:
                answer()

    def _answer(self, steps: Sequence[AppendStep], done: Callable[[str | None], None], why: str | None) -> None:
        if why is None and not self._lost():
            for step in steps:
                first = step.version - len(step.events) + 1
                self._acknowledged.update({(step.ordinal, first + n): event for n, event in enumerate(step.events)})
        done(why)


def _pass(flag: Flag) -> None:
    assert flag.wait(PATIENCE_S), "the journal's writer did not come so far"

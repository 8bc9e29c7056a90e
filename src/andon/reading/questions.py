"""A question that only the user can answer: the file allows two readings and nothing in it decides."""

from __future__ import annotations

from andon.plant.errors import At, ReadingError


class Question(ReadingError):
    """The whole file allows more than one reading; `option` names the argument that decides.

    Parameters
    ----------
    what : the question
    option : argument of `read` that answers it, for example "dayfirst"
    evidence : what the file says, for a decision over several files (dates in order of appearance)
    rows : how many rows the evidence comes from
    """

    def __init__(
        self, what: str, *, option: str, at: At | None = None, do: str = "", evidence: tuple[str, ...] = (), rows: int = 0
    ) -> None:
        super().__init__(what, at=at, do=do)
        self.option = option
        self.evidence = evidence
        self.rows = rows

"""Labels of periods, as people set them in the console. A label is never removed, only withdrawn."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from andon.plant.errors import AskUserError
from andon.plant.label import Label, LabelKind
from andon.store.database import changes
from andon.store.database.tables import labels
from andon.store.database.upserting import upsert


@dataclass(frozen=True, slots=True)
class KeptLabel:
    """A label and its id; `withdrawn` is ns UTC, None while it holds."""

    id: str
    label: Label
    withdrawn: int | None = None


def put(connection: Connection, key: str, label: Label, *, at: int) -> KeptLabel:
    """Keep a label under an id; where the id is known, change it.

    Raises
    ------
    AskUserError : its end is not after its start
    """
    if label.end <= label.start:
        raise AskUserError("a label ends after it begins", do="correct its start or its end")
    row = {
        "id": key, "asset": label.asset, "start": label.start, "end": label.end, "kind": label.kind.value, "note": label.note,
        "by": label.by, "at": at if label.at is None else label.at, "withdrawn": None,
    }  # fmt: skip
    upsert(connection, labels, row)
    changes.note(connection, "label", key, at=at)
    found = get(connection, key)
    assert found is not None
    return found


def withdraw(connection: Connection, key: str, *, at: int) -> bool:
    """Withdraw a label; whether it held until now."""
    gone = connection.execute(update(labels).where(labels.c.id == key, labels.c.withdrawn.is_(None)).values(withdrawn=at)).rowcount
    if gone:
        changes.note(connection, "label", key, at=at)
    return bool(gone)


def get(connection: Connection, key: str) -> KeptLabel | None:
    """The label of an id, withdrawn or not."""
    row = connection.execute(select(labels).where(labels.c.id == key)).one_or_none()
    if row is None:
        return None
    return KeptLabel(row.id, Label(row.asset, row.start, row.end, LabelKind(row.kind), row.note, row.by, row.at), row.withdrawn)


def between(connection: Connection, start: int, end: int, *, asset: str | None = None) -> list[KeptLabel]:
    """Labels that hold and overlap start <= time < end, by their start."""
    query = select(labels.c.id).where(labels.c.withdrawn.is_(None), labels.c.start < end, labels.c.end > start)
    if asset is not None:
        query = query.where(labels.c.asset == asset)
    found = [get(connection, key) for key in connection.execute(query.order_by(labels.c.start, labels.c.id)).scalars().all()]
    return [label for label in found if label is not None]

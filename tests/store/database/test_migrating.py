"""Tables are made and changed by revisions, after a backup, and those of a newer Andon are left alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import andon.store.database
from andon.plant.errors import RefusedError, StoreError
from andon.store.database import Database, migrating, settings
from andon.store.database.export import export_tables, import_tables
from andon.store.database.tables import HEAD, metadata
from tests.fresh_process import loaded

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

def upgrade():
    op.add_column("settings", sa.Column("why", sa.Text))
    {more}
"""


def test_the_revisions_make_the_tables_that_the_code_knows(database: Database) -> None:
    differences = database.write(lambda c: compare_metadata(MigrationContext.configure(c), metadata))
    assert differences == []
    assert ScriptDirectory(str(Path(str(andon.store.database.__file__)).parent / "migrations")).get_current_head() == HEAD


def test_an_up_to_date_database_needs_no_alembic(empty_file: Path) -> None:
    """Alembic takes half a second to import; a restart has no time for it."""
    code = f"from andon.store.database import Database; Database({str(empty_file)!r}).close()"
    assert loaded(code, ["alembic"]) == []


def scripts(folder: Path, more: str) -> str:
    """The revisions of this Andon and one more."""
    target = folder / "scripts"
    ours = Path(str(andon.store.database.__file__)).parent / "migrations"
    for path in ours.rglob("*.py"):
        (target / path.relative_to(ours)).parent.mkdir(parents=True, exist_ok=True)
        (target / path.relative_to(ours)).write_bytes(path.read_bytes())
    (target / "versions" / "r0002_next.py").write_text(NEXT.format(more=more), encoding="utf-8")
    return str(target)


def test_an_older_database_is_backed_up_and_migrated(opened_alone: Callable[[], Database], tmp_path: Path) -> None:
    with opened_alone() as database:
        database.write(lambda c: settings.put(c, "a", 1, by="ana", at=1))
        migrate = migrating.bring_up_to_date
        # The change fails in the middle: the tables are as they were.
        with pytest.raises(KeyError, match="broken"):
            migrate(
                database._writing,
                "here",
                tmp_path,
                1_790_000_000 * 10**9,
                scripts=scripts(tmp_path, "raise KeyError('broken')"),
                head="0002",
            )
        assert database.read(migrating.revision_of) == "0001"
        assert database.read(lambda c: c.exec_driver_sql("SELECT * FROM settings").keys()) == ["key", "version", "value", "by", "at"]
        backup = migrate(database._writing, "here", tmp_path, 1_790_000_001 * 10**9, scripts=scripts(tmp_path, "pass"), head="0002")
        assert backup is not None
        assert ".before-0001-20260921T" in backup.name
        assert database.read(migrating.revision_of) == "0002"
        assert "why" in database.read(lambda c: c.exec_driver_sql("SELECT * FROM settings").keys())
        assert database.read(lambda c: settings.every(c)["a"].value) == 1
    with pytest.raises(RefusedError, match="its tables are of revision 0002, this Andon knows 0001"):
        opened_alone()
    if backup.suffix == ".jsonl":
        assert '"revision":"0001"' in backup.read_text(encoding="utf-8")
    else:
        with Database(backup) as restored:
            assert list(restored.read(settings.every)) == ["a"]


def test_tables_of_something_else(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE alarm_records (x)")
    other.close()
    with pytest.raises(RefusedError, match="there are tables of ours without a revision"):
        Database(tmp_path / "other.sqlite")


def test_a_copy_that_cannot_be_made_leaves_nothing(empty_file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot copy the database"):
        migrating.copy_sqlite(empty_file, tmp_path / "file" / "copy")
    (tmp_path / "not").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="cannot copy the database"):
        migrating.copy_sqlite(tmp_path / "not", tmp_path / "copy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "not"]


def test_tables_go_out_and_come_in_again(opened: Callable[[], Database], empty_file: Path, tmp_path: Path) -> None:
    from andon.store.database import alarm_records
    from tests.store.database.test_alarm_records import record

    path = tmp_path / "tables.jsonl"
    with opened() as database:
        for number in range(1, 4):
            database.write(lambda c, number=number: alarm_records.append(c, record("a", number)))  # type: ignore[misc]
        database.write(lambda c: settings.put(c, "温度", {"x": [1, None, "\x00"]}, by="ana", at=1))
        assert database.read(lambda c: export_tables(c, path)) == 8
        with pytest.raises(RefusedError, match="the table alarm_records is not empty"):
            database.write(lambda c: import_tables(c, path))
        kept = database.read(alarm_records.since)
        for name in metadata.tables:
            database.write(lambda c, name=name: c.exec_driver_sql(f'DELETE FROM "{name}"'))  # type: ignore[misc]
        whole = path.read_bytes()
        for wrong, error in (
            (b"", "not an export of tables"),
            (whole[: len(whole) // 2], "not an export of tables|cut off"),
            (b"\n".join(whole.splitlines()[:-1]) + b"\n", "cut off"),
        ):
            (tmp_path / "wrong").write_bytes(wrong)
            with pytest.raises(StoreError, match=error):
                database.write(lambda c: import_tables(c, tmp_path / "wrong"))
        (tmp_path / "wrong").write_bytes(whole.replace(b'"0001"', b'"0000"'))
        with pytest.raises(RefusedError, match="tables of revision 0000, this Andon knows 0001"):
            database.write(lambda c: import_tables(c, tmp_path / "wrong"))
        assert database.write(lambda c: import_tables(c, path)) == 8
        assert database.read(alarm_records.since) == kept
        assert database.write(lambda c: alarm_records.append(c, record("a", 4))).sequence > kept[-1].sequence
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(empty_file.read_bytes())
    with Database(copy) as other:  # from either kind into the other
        other.write(lambda c: import_tables(c, path))
        assert other.read(alarm_records.since) == kept

"""Users, sessions, tokens and lock-outs."""

from __future__ import annotations

import pytest

from andon.plant.errors import AskUserError, ConflictError, RefusedError
from andon.store.database import Database, lock_outs, sessions, tokens, users
from andon.store.database.secret_hashes import hash_secret, new_secret


def test_users(database: Database) -> None:
    assert database.read(users.count) == 0
    ana = database.write(lambda c: users.add(c, "ana", "administrator", "argon", at=1, data={"language": "zh-CN"}))
    database.write(lambda c: users.add(c, "bob 鲍", "operator", "", at=2))
    assert database.read(lambda c: users.get(c, "ana")) == ana
    assert [user.name for user in database.read(users.everyone)] == ["ana", "bob 鲍"]
    assert "argon" not in repr(ana)
    with pytest.raises(ConflictError, match="there is a user 'ana' already"):
        database.write(lambda c: users.add(c, "ana", "viewer", "", at=3))
    with pytest.raises(AskUserError, match="'boss' is no role") as caught:
        database.write(lambda c: users.add(c, "eve", "boss", "", at=3))
    assert caught.value.do == "use one of viewer, operator, engineer, administrator"
    with pytest.raises(AskUserError, match="a user needs a name"):
        database.write(lambda c: users.add(c, " ", "viewer", "", at=3))
    with pytest.raises(AskUserError, match="there is no user 'eve'"):
        database.write(lambda c: users.change(c, "eve", at=3, role="viewer"))
    changed = database.write(lambda c: users.change(c, "bob 鲍", at=4, role="engineer", data={"x": 1}))
    assert (changed.role, changed.data, changed.enabled) == ("engineer", {"x": 1}, True)
    for change in ({"role": "viewer"}, {"enabled": False}):
        with pytest.raises(RefusedError, match="the last administrator stays"):
            database.write(lambda c, change=change: users.change(c, "ana", at=5, **change))  # type: ignore[misc]
    with pytest.raises(RefusedError, match="the last administrator stays"):
        database.write(lambda c: users.remove(c, "ana", at=5))
    assert database.read(lambda c: users.get(c, "ana")) == ana
    database.write(lambda c: users.change(c, "bob 鲍", at=6, role="administrator"))
    database.write(lambda c: users.remove(c, "ana", at=7))
    assert [user.name for user in database.read(users.everyone)] == ["bob 鲍"]


def test_sessions_end(database: Database) -> None:
    database.write(lambda c: users.add(c, "ana", "administrator", "x", at=1))
    database.write(lambda c: users.add(c, "bob", "operator", "x", at=1))
    secret, kept = new_secret()
    database.write(lambda c: sessions.open_session(c, kept, "bob", at=10, expires=20, data={"csrf": "h"}))
    found = database.read(lambda c: sessions.find(c, hash_secret(secret), now=15))
    assert found is not None
    assert (found.user, found.role, found.data) == ("bob", "operator", {"csrf": "h"})
    assert database.read(lambda c: sessions.find(c, secret, now=15)) is None  # the secret itself is nowhere
    assert database.read(lambda c: sessions.find(c, kept, now=20)) is None
    database.write(lambda c: sessions.touch(c, kept, at=15, expires=40))
    assert database.read(lambda c: [s.seen for s in sessions.of_user(c, "bob", now=30)]) == [15]
    assert database.write(lambda c: sessions.close(c, kept))
    assert not database.write(lambda c: sessions.close(c, kept))

    def ends(act: str) -> bool:
        """Whether an act ends a session that was open before."""
        hash_ = new_secret()[1]
        database.write(lambda c: sessions.open_session(c, hash_, "bob", at=10, expires=100))
        if act == "password":
            database.write(lambda c: users.change(c, "bob", at=11, password_hash="y"))
        elif act == "role":
            database.write(lambda c: users.change(c, "bob", at=11, role="viewer"))
        elif act == "everywhere":
            assert database.write(lambda c: sessions.close_all(c, "bob")) >= 1
        elif act == "disabled":
            database.write(lambda c: users.change(c, "bob", at=11, enabled=False))
        return database.read(lambda c: sessions.find(c, hash_, now=15)) is None

    assert {act: ends(act) for act in ("role", "password", "everywhere", "disabled")} == {
        "role": False, "password": True, "everywhere": True, "disabled": True,
    }  # fmt: skip
    database.write(lambda c: sessions.open_session(c, "h", "ana", at=10, expires=100))
    database.write(lambda c: sessions.add_link(c, "l", "sign-in", at=10, expires=100))
    assert database.write(lambda c: sessions.sweep(c, now=99)) == 0
    assert database.write(lambda c: sessions.sweep(c, now=100)) == 2
    assert database.write(lambda c: sessions.sweep(c, now=1_000)) == 0


def test_a_link_works_once(database: Database) -> None:
    secret, kept = new_secret()
    database.write(lambda c: sessions.add_link(c, kept, "sign-in", at=1, expires=50, data={"role": "administrator"}))
    use = {
        "other purpose": lambda c: sessions.use_link(c, kept, "reset", now=2),
        "too late": lambda c: sessions.use_link(c, kept, "sign-in", now=50),
        "first": lambda c: sessions.use_link(c, hash_secret(secret), "sign-in", now=3),
        "again": lambda c: sessions.use_link(c, kept, "sign-in", now=4),
    }
    found = {name: database.write(job) for name, job in use.items()}
    assert found == {"other purpose": None, "too late": None, "first": {"role": "administrator"}, "again": None}


def test_tokens(database: Database) -> None:
    database.write(lambda c: users.add(c, "ana", "administrator", "x", at=1))
    database.write(lambda c: users.add(c, "bob", "engineer", "x", at=1))
    secret, kept = new_secret("andon_")
    assert secret.startswith("andon_")
    assert secret not in kept
    database.write(lambda c: tokens.add(c, "t1", kept, "historian", "bob", ["write", "read", "read"], at=5, expires=50))
    database.write(lambda c: tokens.add(c, "t2", "h2", "dashboard", "bob", [], at=6))
    found = database.read(lambda c: tokens.find(c, kept, now=49))
    assert found is not None
    assert (found.id, found.scopes, found.role, found.seen) == ("t1", ("read", "write"), "engineer", None)
    assert database.read(lambda c: tokens.find(c, kept, now=50)) is None
    database.write(lambda c: tokens.touch(c, "t1", at=20))
    assert [(t.id, t.seen) for t in database.read(lambda c: tokens.every(c, "bob"))] == [("t2", None), ("t1", 20)]
    assert database.write(lambda c: tokens.revoke(c, "t1", at=21))
    assert not database.write(lambda c: tokens.revoke(c, "t1", at=22))
    assert database.read(lambda c: tokens.find(c, kept, now=30)) is None
    database.write(lambda c: users.change(c, "bob", at=40, enabled=False))
    assert database.read(lambda c: tokens.find(c, "h2", now=41)) is None
    assert [t.revoked for t in database.read(tokens.every)] == [40, 21]
    with pytest.raises(ConflictError):
        database.write(lambda c: tokens.add(c, "t3", kept, "again", "ana", [], at=50))


def test_lock_outs_grow_and_are_forgotten(database: Database) -> None:
    second, day = 1_000_000_000, 24 * 3600 * 1_000_000_000
    waits = [database.write(lambda c: lock_outs.failed(c, "bob", now=day)) for _ in range(8)]
    assert [wait and (wait - day) // second for wait in waits] == [0, 0, 0, 2, 4, 8, 16, 32]
    assert database.read(lambda c: lock_outs.locked_until(c, "bob", now=day + 31 * second)) == day + 32 * second
    assert database.read(lambda c: lock_outs.locked_until(c, "bob", now=day + 32 * second)) == 0
    assert database.read(lambda c: lock_outs.locked_until(c, "ana", now=day)) == 0
    for _ in range(30):
        database.write(lambda c: lock_outs.failed(c, "bob", now=day))
    assert database.read(lambda c: lock_outs.locked_until(c, "bob", now=day)) == day + 3600 * second
    database.write(lambda c: lock_outs.succeeded(c, "bob"))
    assert database.write(lambda c: lock_outs.failed(c, "bob", now=day)) == 0
    for _ in range(5):
        database.write(lambda c: lock_outs.failed(c, "eve", now=day))
    assert database.write(lambda c: lock_outs.failed(c, "eve", now=3 * day)) == 0
    assert database.write(lambda c: lock_outs.sweep(c, now=3 * day)) == 1

"""The service's database: the same on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from first_schema import create_first_version
from postgres_server import postgres

pytest.importorskip("sqlalchemy")

from sqlalchemy import Engine, MetaData, delete, inspect, select, text

from riskmodel.errors import InputError
from riskmodel.web.access.access_log import log_access
from riskmodel.web.access.tokens import Tokens, create_token, list_tokens, revoke_token
from riskmodel.web.database import tables
from riskmodel.web.database.behind import WriteBehind
from riskmodel.web.database.database import connect, now, reading, upgrade, writing
from riskmodel.web.database.migrations import STEPS
from riskmodel.web.serving.making import ListOptions
from riskmodel.web.serving.recorded import (
    add_file,
    add_request,
    bytes_stored,
    files_of,
    find_request,
    page_of_requests,
    snapshots_in_use,
)

__all__ = ["postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        made = connect(f"sqlite:///{tmp_path / 'service.db'}")
    else:
        made = connect(request.getfixturevalue("postgres"))
        with writing(made) as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    yield made
    made.dispose()


def snapshot(identity: str = "s1") -> Any:
    """As much of a snapshot as a row needs."""
    stored = SimpleNamespace(id="2020-abc", release_id="lightgbm-2020-abc")
    return SimpleNamespace(id=identity, stored=stored, experiment=SimpleNamespace(name="decline-2y"))


LATEST = 1 + len(STEPS)
VENLO = ListOptions(("GM0983",), "Risicolijst Venlo", 10, 0.1)


def test_every_table_is_as_the_queries_expect(engine: Engine) -> None:
    assert upgrade(engine) == upgrade(engine) == LATEST
    found = inspect(engine)
    assert set(found.get_table_names()) == set(tables.metadata.tables)
    for name, table in tables.metadata.tables.items():
        there = {column["name"]: column for column in found.get_columns(name)}
        assert list(there) == [column.name for column in table.columns], name
        for column in table.columns:
            assert there[column.name]["nullable"] == column.nullable, (name, column.name)
            assert type(there[column.name]["type"])._type_affinity == type(column.type)._type_affinity
        assert found.get_pk_constraint(name)["constrained_columns"] == [each.name for each in table.primary_key]


def schema_of(engine: Engine) -> dict[str, Any]:
    """Everything that the database knows of its tables, other than orders that do not matter."""
    found = inspect(engine)
    schema: dict[str, Any] = {}
    for name in found.get_table_names():
        columns, foreign = found.get_columns(name), found.get_foreign_keys(name)
        schema[name] = {
            "names": [each["name"] for each in columns],
            "types": [str(each["type"]) for each in columns],
            "rules": [(each["nullable"], each["default"], each.get("autoincrement")) for each in columns],
            "key": found.get_pk_constraint(name)["constrained_columns"],
            "foreign": [(each["constrained_columns"], each["referred_table"]) for each in foreign],
            "unique": [each["column_names"] for each in found.get_unique_constraints(name)],
            "indexes": {each["name"]: (each["column_names"], each["unique"]) for each in found.get_indexes(name)},
        }
    return schema


def emptied(engine: Engine) -> None:
    """Remove all tables."""
    there = MetaData()
    there.reflect(engine)
    with writing(engine) as connection:
        there.drop_all(connection)


def test_a_new_database_has_the_schema_of_one_that_took_all_steps(engine: Engine) -> None:
    upgrade(engine)
    new = schema_of(engine)
    emptied(engine)
    with writing(engine) as connection:
        create_first_version(connection)
    first = schema_of(engine)
    assert upgrade(engine) == LATEST
    assert schema_of(engine) == new != first


def test_an_older_database_keeps_its_rows(engine: Engine) -> None:
    with writing(engine) as connection:
        create_first_version(connection)
        connection.execute(
            text(
                "INSERT INTO jobs (id, kind, state, who, municipality, parameters, progress, message, attempts, "
                "created_at) VALUES ('a', 'score', 'done', 'user:me', '', '{}', 1.0, '', 1, '2026-01-02')"
            )
        )
    assert upgrade(engine) == LATEST
    with reading(engine) as connection:
        row = connection.execute(select(tables.jobs)).one()
        versions = connection.execute(select(tables.schema_version.c.version)).scalars().all()
    assert (row.id, row.state, row.rows_done, row.rate, row.result) == ("a", "done", 0, None, None)
    assert versions == list(range(1, LATEST + 1))


def test_two_processes_may_upgrade_at_once(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    results: list[object] = []

    def work() -> None:
        own = connect(url)
        try:
            results.append(upgrade(own))
        except Exception as error:
            results.append(error)
        own.dispose()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [LATEST] * 6


def test_a_database_of_a_newer_version_is_refused(engine: Engine) -> None:
    upgrade(engine)
    with writing(engine) as connection:
        connection.execute(tables.schema_version.insert().values(version=LATEST + 1, applied_at=now()))
    with pytest.raises(InputError, match="newer"):
        upgrade(engine)


def test_a_step_that_fails_leaves_nothing_behind(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(connection: Any) -> None:
        connection.execute(text("CREATE TABLE half (a INTEGER)"))
        raise RuntimeError("power cut")

    upgrade(engine)
    monkeypatch.setattr("riskmodel.web.database.database.STEPS", (*STEPS, broken))
    with pytest.raises(RuntimeError):
        upgrade(engine)
    assert "half" not in inspect(engine).get_table_names()
    with reading(engine) as connection:
        versions = connection.execute(select(tables.schema_version.c.version)).scalars().all()
    assert versions == list(range(1, LATEST + 1))


def test_a_question_has_one_number(engine: Engine) -> None:
    upgrade(engine)
    first = add_request(engine, snapshot(), VENLO, "user:é\N{SNOWMAN}", date(2026, 1, 2), "")[0]
    again = add_request(engine, snapshot(), VENLO, "user:é\N{SNOWMAN}", date(2026, 1, 2), "")[0]
    with reading(engine) as connection:
        logged = connection.execute(select(tables.access_log.c.what)).scalars().all()
    assert logged == [f'{{"number":{first.number}}}'], "a number that is new is in the log, once"
    assert first == again == find_request(engine, number=first.number)
    assert (first.who, first.options, first.made_on) == ("user:é\N{SNOWMAN}", VENLO, date(2026, 1, 2))
    others = [
        add_request(engine, snapshot(), VENLO, "", date(2026, 1, 2), "")[0],
        add_request(engine, snapshot(), VENLO, "user:é\N{SNOWMAN}", date(2026, 1, 3), "")[0],
        add_request(engine, snapshot("s2"), VENLO, "user:é\N{SNOWMAN}", date(2026, 1, 2), "")[0],
        add_request(engine, snapshot(), ListOptions((), "Risicolijst Nederland", None), "", date(2026, 1, 2), "")[
            0
        ],
    ]
    numbers = [each.number for each in (first, *others)]
    assert sorted(set(numbers)) == numbers
    assert others[-1].options == ListOptions((), "Risicolijst Nederland", None)
    total, newest = page_of_requests(engine, 1, 2)
    assert total == 5
    assert [each.number for each in newest] == numbers[::-1][1:3]
    assert page_of_requests(engine, 0, 10, "")[0] == 2
    assert snapshots_in_use(engine) == {"s1", "s2"}


def test_many_at_once_get_numbers_and_none_gets_lost(engine: Engine) -> None:
    upgrade(engine)
    found: list[int] = []

    def work(who: str) -> None:
        found.extend(
            add_request(engine, snapshot(), VENLO, f"{who}{n % 5}", date(2026, 1, 2), "")[0].number
            for n in range(10)
        )

    threads = [threading.Thread(target=work, args=(f"user:{name}",)) for name in "aabb"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 40
    assert len(set(found)) == page_of_requests(engine, 0, 1)[0] == 10


def test_files_are_noted_once(engine: Engine) -> None:
    upgrade(engine)
    number = add_request(engine, snapshot(), VENLO, "", date(2026, 1, 2), "")[0].number
    add_file(engine, number, "csv", b"first")
    add_file(engine, number, "csv", b"second")
    add_file(engine, number, "pdf", b"page")
    found = files_of(engine, number)
    assert list(found) == ["csv", "pdf"]
    assert (found["csv"].sha256[:8], found["csv"].bytes) == ("a7937b64", 5)  # sha256sum of "first"
    assert bytes_stored(engine) == 9
    assert files_of(engine, number + 1) == {}


def test_numbers_are_never_used_again(engine: Engine) -> None:
    upgrade(engine)
    first = add_request(engine, snapshot(), VENLO, "", date(2026, 1, 2), "")[0].number
    with writing(engine) as connection:
        connection.execute(delete(tables.list_requests))
    assert add_request(engine, snapshot(), VENLO, "", date(2026, 1, 2), "")[0].number > first


def test_tokens_are_kept_as_fingerprints_and_can_be_revoked(
    engine: Engine,
) -> None:
    upgrade(engine)
    shown, token = create_token(engine, "reader", "Venlo, dashboard", ["GM0983"])
    with reading(engine) as connection:
        row = connection.execute(select(tables.tokens)).one()
    hidden = shown.split("_", 2)[2]
    assert hidden not in str(row) and len(hidden) == 43
    behind = WriteBehind(engine)
    lookup = Tokens(engine, behind)
    found = lookup.look_up(shown)
    assert found is not None
    assert (found.role, found.municipalities, found.ambient) == ("reader", frozenset({"GM0983"}), False)
    assert found.sees_own(["GM0983"]) and not found.sees_own(["GM0983", "GM0984"])
    wrong = [
        shown[:-1] + ("A" if shown[-1] != "A" else "B"),
        shown + "A",
        f"rm_{token.id}_",
        "rm__",
        "",
        "x" * 9000,
    ]
    assert [lookup.look_up(each) for each in wrong] == [None] * len(wrong)
    # When it was used is written later: no read waits for a write.
    assert list_tokens(engine)[0].last_used_at is None and behind.flush()
    assert list_tokens(engine)[0].last_used_at is not None
    assert lookup.cached(shown) == found
    assert revoke_token(engine, token.id).revoked_at is not None
    assert lookup.look_up(shown) is None
    lookup._known._cache.expire(time.monotonic() + 1)  # type: ignore[attr-defined]
    assert lookup.cached(shown) == found
    lookup._known._cache.expire(time.monotonic() + 3)  # type: ignore[attr-defined]
    assert lookup.cached(shown) is None
    with pytest.raises(InputError, match="token"):
        revoke_token(engine, "nothing")


@pytest.mark.parametrize(
    ("role", "label", "codes"),
    [
        ("root", "x", None),
        ("reader", " ", None),
        ("reader", "a\nb", None),
        ("reader", "x", ["Venlo"]),
        ("reader", "x", []),
    ],
)
def test_odd_tokens_are_refused(tmp_path: Path, role: Any, label: str, codes: Any) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'service.db'}")
    upgrade(engine)
    with pytest.raises(InputError):
        create_token(engine, role, label, codes)
    assert list_tokens(engine) == []


def test_the_access_log_takes_any_text(engine: Engine) -> None:
    upgrade(engine)
    with writing(engine) as connection:
        log_access(connection, "user:'; DROP TABLE tokens; --", "192.0.2.1", "list", title="<script>\x00\ud800")
    with reading(engine) as connection:
        row = connection.execute(select(tables.access_log)).one()
    assert row.who == "user:'; DROP TABLE tokens; --"
    assert "tokens" in inspect(engine).get_table_names()
    assert row.at[:2] == "20" and row.at.endswith("Z")


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "postgresql+nodriver://x/y"])
def test_other_databases_are_refused_without_their_address(url: str) -> None:
    with pytest.raises(InputError) as error:
        connect(url)
    assert "x/y" not in str(error.value)


def test_a_server_that_is_away_is_told_without_its_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(InputError) as error:
        upgrade(connect("postgresql+psycopg://me:hush@127.0.0.1:1/none"))
    assert "hush" not in str(error.value)

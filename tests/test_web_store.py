"""A store that is busy or full: nothing is half done, what has to write may come again, and reading goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from web_worlds import OTHER, TOWN, Client, copy_of, is_problem, serving, trained

from riskmodel.web.access.tokens import create_token, list_tokens
from riskmodel.web.database import database
from riskmodel.web.service import Service
from riskmodel.web.serving.recorded import page_of_requests
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.verify import check_deep

API = "/api/v1"


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(database, "PATIENCE", 0)
    monkeypatch.setattr("riskmodel.web.serving.lists.PATIENCE", 0)
    return copy_of(trained(tmp_path_factory.getbasetemp()), tmp_path)


def _records(world: Workspace) -> list[str]:
    return sorted(path.name for path in world.path("lists").glob("*"))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Another process writes."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def _full(service: Service) -> Iterator[None]:
    """The database may not grow by a page."""

    def bound(raw: Any, *_: Any) -> None:
        raw.execute("PRAGMA max_page_count = 1")

    service.engine.dispose()
    event.listen(service.engine, "connect", bound)
    yield
    event.remove(service.engine, "connect", bound)
    service.engine.dispose()


def _trouble(kind: str, world: Workspace, service: Service) -> AbstractContextManager[None]:
    if kind == "full":
        return _full(service)
    return _locked(world.path("service.db" if kind == "busy database" else ".lock"))


@pytest.mark.parametrize("kind", ["busy database", "busy workspace", "full"])
def test_a_list_has_its_number_and_its_record_or_neither(world: Workspace, kind: str) -> None:
    service = serving(world)
    client = Client(service)

    def ask(capacity: int) -> Any:
        return client.post(f"{API}/lists", json={"municipalities": [TOWN], "capacity": capacity})

    first = ask(1).json()["number"]
    with _trouble(kind, world, service):
        # In a full database the last page has room for some rows yet.
        refused = next(each for each in map(ask, range(2, 60)) if each.status_code != 201)
        assert is_problem(refused, 503) and refused.headers["retry-after"].isdigit()
        numbers = page_of_requests(service.engine, 0, 100)[0]
        assert client.get(f"{API}/lists/{first}").status_code == 200
    assert numbers == len(_records(world))
    assert ask(70).json()["number"] == numbers + 1 == len(_records(world))
    assert check_deep(world).damages == ()


def test_a_record_that_cannot_be_written_costs_no_number(world: Workspace) -> None:
    service = serving(world)
    client = Client(service)
    asked = {"municipalities": [OTHER], "capacity": 3}
    world.path("lists").write_text("in the way")
    assert client.post(f"{API}/lists", json=asked).status_code in (500, 503)
    assert page_of_requests(service.engine, 0, 100)[0] == 0
    world.path("lists").unlink()
    assert client.post(f"{API}/lists", json=asked).json()["number"] == 1
    assert len(_records(world)) == 1


def test_a_token_is_read_while_nothing_can_be_written(world: Workspace) -> None:
    service = serving(world)
    text, token = create_token(service.engine, "reader", "x")
    login = Client(service, authorization=f"Bearer {text}")
    with _locked(world.path("service.db")):
        assert login.get(f"{API}/me").json()["name"] == f"token:{token.id}"
        assert login.get(f"{API}/areas").status_code == 200
        assert not service.behind.flush()
        assert list_tokens(service.engine)[0].last_used_at is None
    assert service.behind.flush()
    assert list_tokens(service.engine)[0].last_used_at is not None

"""What the web service keeps in a workspace is looked at too, as far as it notes fingerprints."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest
from web_worlds import TOWN, Client, copy_of, serving, trained

import riskmodel
from riskmodel.web.access.tokens import create_token
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.verify_service import check_service

pytestmark = pytest.mark.long
API = "/api/v1"


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace in which the service gave a list and took a file in."""
    workspace = copy_of(trained(tmp_path_factory.getbasetemp()), tmp_path_factory.mktemp("served"))
    client = Client(serving(workspace))
    service = client.service
    token = create_token(service.engine, "analyst", "deep", [TOWN])[0]
    own = {"authorization": f"Bearer {token}"}
    told = client.post(f"{API}/lists", json={"municipalities": [TOWN], "capacity": 3})
    assert told.status_code in (200, 201), told.text
    links = {each["form"]: each["href"] for each in told.json()["forms"]}
    assert client.get(links["csv"]).status_code == 200
    kind = {"content-type": "application/octet-stream", **own}
    sent = client.post(f"{API}/uploads", content=b"code,a\nWK900100,1\n", headers=kind, params={"name": "x.csv"})
    assert sent.status_code == 201, sent.text
    service.engine.dispose()
    return workspace


def test_a_flip_in_what_the_service_keeps_is_found(served: Workspace) -> None:
    whole = riskmodel.check_deep(served)
    assert whole.damages == ()
    assert any("service.db" in note and "not every row" in note for note in whole.notes)
    rng = random.Random(3)
    files = [path for path in check_service(served.folder).read if path.name != "service.db"]
    assert {path.relative_to(served.folder).parts[1] for path in files} == {"snapshots", "uploads", "lists"}
    for path in files:
        held = path.read_bytes()
        flipped = bytearray(held)
        flipped[rng.randrange(len(held))] ^= 1 << rng.randrange(8)
        # Frozen inputs are links to the same file in the workspace until that is replaced: both are named then.
        path.write_bytes(flipped)
        name = path.relative_to(served.folder).as_posix()
        found = {each.path for each in riskmodel.check_deep(served).damages}
        assert any(name.startswith(each) for each in found), (name, found)
        path.write_bytes(held)
    assert riskmodel.check_deep(served).damages == ()


def test_a_list_by_number_with_another_question_is_found(served: Workspace) -> None:
    with closing(sqlite3.connect(served.path("service.db"))) as connection, connection:
        connection.execute("UPDATE list_requests SET made_on = '2001-01-01' WHERE number = 1")
    [found] = riskmodel.check_deep(served).damages
    assert (found.path, found.what) == ("service.db", "list 1 with another question than was asked")

"""The API: what it answers is what the forecast says, page by page, and what it refuses is a problem."""

from __future__ import annotations

import hashlib
import shutil
import threading
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from web_worlds import OTHER, ROOT, TOWN, Client, is_problem, serving, trained, world

import riskmodel
from riskmodel.errors import InputError
from riskmodel.products.risk_list.formats import WRITERS
from riskmodel.web.access.tokens import create_token
from riskmodel.web.serving.recorded import find_request, page_of_requests
from riskmodel.workspace.store import Workspace

__all__ = ["world"]
API = "/api/v1"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """The service on a workspace that these tests do not change."""
    folder = tmp_path_factory.mktemp("api")
    workspace = Workspace(shutil.copytree(trained(tmp_path_factory.getbasetemp()).folder, folder / "workspace"))
    return Client(serving(workspace))


def test_every_area_is_on_exactly_one_page(client: Client) -> None:
    panel = client.service.snapshots.workspace.panel()
    for kind, whole in (("areas", len(panel.areas)), ("forecasts", None), ("scores", None), ("drivers", None)):
        found: list[str] = []
        following: str | None = f"{API}/{kind}?limit=37"
        while following:
            page = client.get(following).json()
            assert len(page["items"]) == min(37, page["total"] - len(found))
            found += [each["code"] for each in page["items"]]
            following = page["next"]
        assert found == sorted(set(found)) and len(found) == page["total"]
        assert whole is None or len(found) == whole
        assert client.get(f"{API}/{kind}?offset={len(found)}").json()["items"] == []


def test_scores_are_those_of_the_file(client: Client) -> None:
    table = client.service.snapshots.workspace.panel()
    rows = client.get(f"{API}/scores?limit=1000&municipality={TOWN}").json()["items"]
    place = np.searchsorted(table.areas, [row["code"] for row in rows])
    np.testing.assert_array_equal([row["score"] for row in rows], table.at("score", 2020)[place])
    assert {row["municipality"] for row in rows} == {"Wolderdam (voorbeeld)"}
    for row in rows:
        assert row["score_class"] in range(1, 10)
        since = {each["since"]: each["change"] for each in row["changes"]}
        own = table.areas.tolist().index(row["code"])
        if since[2018] is not None:
            assert since[2018] == table.at("score", 2020)[own] - table.at("score", 2018)[own]


def test_forecasts_and_drivers_are_those_of_the_list(client: Client, tmp_path: Path) -> None:
    """The oracle is the risk list that the command line writes."""
    made, _ = riskmodel.risk_list(client.service.snapshots.workspace, tmp_path / "list", forms=["csv"])
    expected = made.rows.set_index("location").sort_index()
    rows = pd.DataFrame(client.get(f"{API}/forecasts?limit=1000").json()["items"]).set_index("code")
    assert list(rows.index) == list(expected.index)
    for number in ("chance", "p_slide", "p_decline", "expected_change", "lower80"):
        np.testing.assert_array_equal(rows[number].astype(float), expected[number])
    for word in ("section", "kind", "verdict", "reason", "target_date"):
        assert (rows[word] == expected[word]).all()
    small = expected["too_small"]
    assert small.any()
    assert rows.loc[small, "p_decline"].isna().all()
    for flag in ("threatens", "under_pressure", "too_small", "rank"):
        assert (rows[flag] == expected[flag]).all()
    for chances, quantiles in zip(rows["class_chances"][~small], rows["quantiles"][~small], strict=True):
        assert sum(chances) == pytest.approx(1, abs=1e-6)
        assert quantiles
    assert not rows.loc[small, "class_chances"].map(len).any()
    drivers = client.get(f"{API}/drivers?limit=1000").json()["items"]
    for row in drivers:
        if row["too_small"]:
            assert (row["base"], row["contributions"], row["expected_change"]) == (None, [], None)
            continue
        total = row["base"] + sum(each["contribution"] for each in row["contributions"])
        assert total == pytest.approx(row["expected_change"], abs=1e-9)
        sizes = [abs(each["contribution"]) for each in row["contributions"]]
        assert sizes == sorted(sizes, reverse=True)


def test_filters_hold_together(client: Client) -> None:
    every = client.get(f"{API}/areas?limit=1000").json()["items"]
    part = [each for each in every if each["municipality_code"] in (TOWN, OTHER)]
    assert client.get(f"{API}/areas?limit=1000&municipality={TOWN}&municipality={OTHER}").json()["items"] == part
    assert client.get(f"{API}/areas?municipality=wolderdam (VOORBEELD)&limit=1").json()["total"] > 1
    one = every[3]
    assert client.get(f"{API}/areas?area={one['code']}&name={one['name'][:4]}").json()["items"] == [one]
    assert client.get(f"{API}/areas", params={"name": f" {one['name'][:4].upper()}\u0301-"}).json()["total"] > 0
    assert client.get(f"{API}/areas?area={one['code']}&name=zzz").json()["total"] == 0
    assert client.get(f"{API}/areas?name=-").json()["total"] == 0
    by_number = client.get(f"{API}/areas?municipality={TOWN.removeprefix('GM')}&municipality={OTHER}&limit=1000")
    assert by_number.json()["items"] == part
    assert client.get(f"{API}/areas/{one['code']}").json() == one
    assert is_problem(client.get(f"{API}/areas/WK0"), 404)
    assert is_problem(client.get(f"{API}/areas?municipality=Nergenshuizen"), 404)
    assert is_problem(client.get(f"{API}/forecasts?experiment=other"), 404)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "limit=1e3", "offset=-1", "offset=" + "9" * 400, "unknown=1", "area=%00",
     "area=a/b", "name=%0d%0aX", "municipality=", "municipality=%07", "name=" + "x" * 101, "experiment=..%2f.."],
)  # fmt: skip
def test_what_is_not_valid_is_a_problem(client: Client, query: str) -> None:
    response = client.get(f"{API}/forecasts?{query}")
    assert is_problem(response, 422)
    assert response.json()["errors"][0]["where"].startswith("query.")


def test_names_of_answers_and_compression(client: Client) -> None:
    plain = client.get(f"{API}/forecasts", headers={"accept-encoding": "identity"})
    zipped = client.get(f"{API}/forecasts", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers and zipped.headers["content-encoding"] == "gzip"
    assert plain.content == zipped.content
    assert int(zipped.headers["content-length"]) < len(plain.content) / 3
    etag = plain.headers["etag"]
    assert etag == zipped.headers["etag"]
    for given in (etag, f'"x", {etag}', "*", etag.removeprefix("W/")):
        same = client.get(f"{API}/forecasts", headers={"if-none-match": given})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    for path in (f"{API}/forecasts?offset=1", f"{API}/drivers"):
        assert client.get(path, headers={"if-none-match": etag}).status_code == 200


def test_head_is_get_without_a_body(client: Client) -> None:
    for path in (f"{API}/areas", f"{API}/health", f"{API}/nothing"):
        whole, head = client.get(path), client("HEAD", path)
        assert head.content == b"" and head.status_code == whole.status_code
        assert head.headers.get("content-length") == whole.headers.get("content-length")


def test_errors_are_problems_whatever_they_are(client: Client) -> None:
    assert is_problem(client.get("/nothing"), 404)
    assert is_problem(client.get(f"{API}/areas/"), 404)
    wrong = client("DELETE", f"{API}/areas")
    assert is_problem(wrong, 405) and wrong.headers["allow"] == "GET, HEAD"
    assert client("PUT", f"{API}/lists").headers["allow"] == "GET, POST, HEAD"
    assert is_problem(client.post(f"{API}/lists", content=b"x" * 70_000), 413)
    assert is_problem(client.get(f"{API}/areas?name={'x' * 17_000}"), 414)
    assert is_problem(client.get(f"/{'x' * 5000}"), 414)
    for body in (b"", b"{", b"[]", b"null", b'{"capacity": 0}', b'{"capacity": NaN}', b'{"capacity": 1e999}',
                 b'{"x": 1}', b'{"municipalities": ["\\ud800"]}', b'{"municipalities": "Venlo"}',
                 b'{"\\ud800": 1}', b'{"audit_share": 2}', b'{"municipalities": ["\\u0000"]}'):  # fmt: skip
        response = client.post(f"{API}/lists", content=body, headers={"content-type": "application/json"})
        assert is_problem(response, 422), body
    for body in (b"[" * 30_000, b'{"capacity": ' + b"9" * 5000 + b"}", b"\xff\xfe"):
        response = client.post(f"{API}/lists", content=body, headers={"content-type": "application/json"})
        assert is_problem(response, response.status_code) and response.status_code in (400, 422), body[:20]


def test_a_failure_of_our_own_tells_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(f"secret in {ROOT}")

    monkeypatch.setattr("riskmodel.web.api.routes.area_rows", fail)
    assert is_problem(client.get(f"{API}/areas"), 500)


def test_a_list_has_a_number_and_the_same_bytes_for_ever(world: Workspace, tmp_path: Path) -> None:
    client = Client(serving(world))
    asked = {"municipalities": [TOWN], "capacity": 3}
    first = client.post(f"{API}/lists", json=asked)
    assert first.status_code == 201 and first.headers["location"] == f"{API}/lists/1"
    assert client.post(f"{API}/lists", json=asked).status_code == 200
    told = client.get(first.headers["location"]).json()
    assert told == first.json() and told["title"] == "Risicolijst Wolderdam (voorbeeld)" and told["who"] is None
    made, forms = riskmodel.risk_list(
        world, tmp_path / "list", municipality=["Wolderdam (voorbeeld)"], capacity=3,
        made_on=date.fromisoformat(told["made_on"]), forms=["csv", "html"],
    )  # fmt: skip
    links = {each["form"]: each["href"] for each in told["forms"]}
    assert {"csv", "html", "xlsx"} <= set(links) <= set(WRITERS)
    given = {form: client.get(links[form]) for form in ("csv", "html", "xlsx")}
    # The command line's list of the same day is the same file.
    assert given["csv"].content == forms["csv"].read_bytes()
    assert given["html"].content == forms["html"].read_bytes()
    assert given["csv"].headers["content-disposition"] == 'attachment; filename="risicolijst-1.csv"'
    again = client.get(links["html"], headers={"if-none-match": given["html"].headers["etag"]})
    assert again.status_code == 304
    areas = client.get(told["areas"] + "?limit=1000").json()
    assert [row["code"] for row in areas["items"]] == made.rows["location"].tolist()
    assert sum(row["on_list"] for row in areas["items"]) + sum(row["audit"] for row in areas["items"]) == 3
    # Everything it was made from goes away or changes; the number still gives the same bytes.
    shutil.rmtree(world.path("backtests"), ignore_errors=True)
    for path in world.path("observations").glob("kwb*"):
        path.unlink()
    shutil.rmtree(world.path("forecasts"))
    shutil.rmtree(world.path("service", "lists"))
    later = Client(serving_only(world))
    for form in ("csv", "html"):
        assert later.get(links[form]).content == given[form].content, form
    assert is_problem(later.get(f"{API}/lists/2"), 404)


def serving_only(workspace: Workspace):  # type: ignore[no-untyped-def]
    """A service that begins with what was served last."""
    from web_worlds import settings_of

    from riskmodel.web.service import open_service

    service = open_service(settings_of(workspace))
    service.snapshots._resume()
    assert service.snapshots.current() is not None
    return service


def test_a_kept_file_that_was_changed_is_not_given(world: Workspace) -> None:
    client = Client(serving(world))
    number = client.post(f"{API}/lists", json={"municipalities": [TOWN]}).json()["number"]
    link = f"{API}/lists/{number}/risicolijst.csv"
    given = client.get(link).content
    kept = world.path("service", "lists", str(number), "risicolijst.csv")
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == hashlib.sha256(given).hexdigest()
    kept.write_bytes(b"=cmd()")
    assert Client(serving_only(world)).get(link).content == given


def test_a_form_that_would_differ_is_refused_rather_than_given(
    world: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = serving(world, kept_bytes=0)
    client = Client(service)
    number = client.post(f"{API}/lists", json={"municipalities": [TOWN]}).json()["number"]
    link = f"{API}/lists/{number}/risicolijst.csv"
    assert client.get(link).status_code == 200
    assert not world.path("service", "lists").exists()
    service.lists._bodies.clear()
    assert client.get(link).status_code == 200
    service.lists._bodies.clear()
    monkeypatch.setitem(WRITERS, "csv", lambda made, path: Path(path).write_text("another version"))
    response = client.get(link)
    assert is_problem(response, 422) and "has changed" not in response.text
    assert "riskmodel" in response.json()["detail"]


def test_many_who_ask_the_same_at_once_get_one_number_and_one_file(world: Workspace) -> None:
    service = serving(world)
    answers: list[tuple[int, bytes]] = []

    def work() -> None:
        client = Client(service)
        number = client.post(f"{API}/lists", json={"municipalities": [TOWN], "capacity": 3}).json()["number"]
        answers.append((number, client.get(f"{API}/lists/{number}/risicolijst.csv").content))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8 and len(set(answers)) == 1
    assert page_of_requests(service.engine, 0, 1)[0] == 1


def test_who_asked_is_known_to_who_asked_and_to_analysts(world: Workspace) -> None:
    service = serving(world)
    tokens = {name: create_token(service.engine, role, name)[0] for name, role in
              (("one", "reader"), ("two", "reader"), ("three", "analyst"))}  # fmt: skip
    clients = {name: Client(service, authorization=f"Bearer {token}") for name, token in tokens.items()}
    number = clients["one"].post(f"{API}/lists", json={"municipalities": [TOWN]}).json()["number"]
    request = find_request(service.engine, number=number)
    assert (
        request is not None
        and request.who.startswith("token:")
        and request.model_version in str(service.snapshots.serving["decline-2y"].stored.release_id)
    )
    who = {name: each.get(f"{API}/lists/{number}").json()["who"] for name, each in clients.items()}
    assert who == {"one": request.who, "two": None, "three": request.who}
    totals = {name: each.get(f"{API}/lists").json()["total"] for name, each in clients.items()}
    assert totals == {"one": 1, "two": 0, "three": 1}
    assert is_problem(Client(service).get(f"{API}/lists"), 401)


def test_models_and_runs(world: Workspace) -> None:
    service = serving(world)
    found = Client(service).get(f"{API}/models/decline-2y").json()
    served = service.snapshots.serving["decline-2y"].stored.release_id
    numbers = {each["number"]: each for each in found["versions"]}
    assert numbers[found["champion"]]["model_version"] == served == found["serving"]["model_version"]
    assert "champion" in numbers[found["champion"]]["aliases"]
    analyst = create_token(service.engine, "analyst", "runs")[0]
    client = Client(service, authorization=f"Bearer {analyst}")
    page = client.get(f"{API}/runs?limit=2").json()
    rest = client.get(f"{API}/runs?offset=2").json()
    ids = [run["run_id"] for run in [*page["items"], *rest["items"]]]
    assert len(ids) == len(set(ids)) == page["total"] == 4
    assert is_problem(client.get(f"{API}/runs?experiment=nothing"), 404)
    assert is_problem(Client(service).get(f"{API}/runs"), 401)


def test_pages_of_an_invented_country_say_so(client: Client) -> None:
    for path in ("/", "/nederland", "/hoe-goed", "/methode"):
        page = client.get(path, headers={"accept": "text/html"})
        assert page.status_code == 200
        assert page.text.count("Deze gebieden en cijfers zijn verzonnen.") == 1


def test_health_readiness_and_metrics(world: Workspace) -> None:
    from web_worlds import settings_of

    from riskmodel.web.service import open_service

    empty = Client(open_service(settings_of(world)))
    assert empty.get(f"{API}/health").json()["status"] == "ok"
    waiting = empty.get(f"{API}/ready")
    assert is_problem(waiting, 503) and waiting.headers["retry-after"]
    assert is_problem(empty.get(f"{API}/areas"), 503)
    client = Client(serving(world))
    assert client.get(f"{API}/ready").json() == {"status": "ready", "experiments": ["decline-2y"]}
    client.get(f"{API}/areas/nothing-here")
    text = client.get("/metrics").text
    assert 'riskmodel_requests_total{method="GET",route="/api/v1/areas/{code}",status="404"} 1.0' in text
    assert "nothing-here" not in text and "riskmodel_switches 1.0" in text


def test_the_description_has_examples_that_fit_it(client: Client) -> None:
    rules = pytest.importorskip("jsonschema_rs", reason="it comes with schemathesis")
    told = client.get(f"{API}/openapi.json").json()
    parts = told["components"]["schemas"]
    seen = 0
    for name, schema in parts.items():
        for given in schema.get("examples", []):
            whole = {**schema, "components": told["components"]}
            rules.validator_for(whole).validate(given)
            seen += 1
        assert schema.get("description") or schema.get("title"), name
    assert seen >= 8
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            problems = {code: each for code, each in operation["responses"].items() if int(code) >= 400}
            assert {"401", "422", "429"} <= set(problems), (path, method)
            assert all(list(each["content"]) == ["application/problem+json"] for each in problems.values())


def test_the_command_line_makes_tokens(world: Workspace) -> None:
    from typer.testing import CliRunner

    from riskmodel.cli import app

    def call(*words: str) -> Result:
        return CliRunner().invoke(app, ["token", *words, "--workspace", str(world.folder)])

    made = call("create", "--label", "test", "--role", "analyst", "--municipality", TOWN)
    token = made.stdout.strip()
    client = Client(serving(world), authorization=f"Bearer {token}")
    assert client.get(f"{API}/me").json() == {
        "name": f"token:{token.split('_')[1]}", "role": "analyst", "municipalities": [TOWN],
    }  # fmt: skip
    listed = call("list").stdout
    assert token.split("_")[1] in listed and token.split("_", 2)[2] not in listed
    assert call("revoke", token.split("_")[1]).exit_code == 0
    assert is_problem(Client(serving(world), authorization=f"Bearer {token}").get(f"{API}/me"), 401)
    assert isinstance(call("create", "--label", "x", "--role", "king").exception, InputError)

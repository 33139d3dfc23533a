"""Attacks and what holds them: every test here is a row of docs/security.md."""

from __future__ import annotations

import csv
import hmac
import io
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_worlds import OTHER, ROOT, TOWN, Client, is_problem, serving, settings_of, trained, world

from riskmodel.errors import InputError
from riskmodel.web.access.identity import client_address, user_of
from riskmodel.web.access.limits import Rate
from riskmodel.web.access.security import known_host
from riskmodel.web.access.tokens import create_token, revoke_token
from riskmodel.web.database.database import reading
from riskmodel.web.database.tables import access_log
from riskmodel.web.problems import body_of
from riskmodel.web.service import Service
from riskmodel.web.settings import Settings, read_settings
from riskmodel.workspace.store import Workspace

__all__ = ["world"]
API = "/api/v1"
ODD = ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/", "....//", "..\\..\\x", "%00", "a%00.csv",
       "/etc/passwd", "%c0%ae%c0%ae/", "~root", "C:%5cx", "x%0d%0aSet-Cookie:a=b", "%ff%fe", "%E2%80%AE",
       "file:///etc/passwd"]  # fmt: skip
TEXTS = ["'; DROP TABLE tokens; --", "1 OR 1=1", "<script>alert(1)</script>", "=cmd|'/c calc'!A0", "+1",
         "@SUM(A1)", "{{7*7}}",
         "${7*7}", "%(x)s", "\u202egnp", "a\r\nSet-Cookie: x=1", "\x00", "é" * 60]  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """The service on a workspace that these tests do not change, with one list."""
    folder = tmp_path_factory.mktemp("security")
    workspace = Workspace(shutil.copytree(trained(tmp_path_factory.getbasetemp()).folder, folder / "workspace"))
    made = Client(serving(workspace))
    assert made.post(f"{API}/lists", json={"municipalities": [TOWN]}).status_code == 201
    return made


@pytest.mark.parametrize("odd", ODD)
def test_no_path_leaves_the_service(client: Client, odd: str) -> None:
    places = ["/{}", API + "/areas/{}", API + "/models/{}", API + "/lists/{}", API + "/lists/{}/areas",
              API + "/lists/1/{}", API + "/lists/1/risicolijst.{}", API + "/lists/{}/risicolijst.csv",
              API + "/lists/1/../../{}"]  # fmt: skip
    for place in places:
        for method in ("GET", "HEAD", "POST"):
            response = client(method, place.format(odd))
            assert 400 <= response.status_code < 500, (method, place)
            assert "set-cookie" not in response.headers and "root:" not in response.text
        assert is_problem(client.get(place.format(odd)), client.get(place.format(odd)).status_code)


@pytest.mark.parametrize("odd", TEXTS)
def test_odd_texts_are_data_and_nothing_else(client: Client, odd: str) -> None:
    for name in ("municipality", "name", "area", "experiment", "limit", odd):
        response = client.get(f"{API}/forecasts", params={name: odd})
        if name == "name" and response.status_code == 200:
            assert response.json()["total"] == 0
        else:
            assert is_problem(response, response.status_code) and response.status_code in (404, 422)
        assert "set-cookie" not in response.headers and "49" not in response.text.replace("429", "")
    response = client.post(f"{API}/lists", json={"municipalities": [odd]})
    assert is_problem(response, response.status_code) and response.status_code in (404, 422)
    assert client.get(f"{API}/lists/1").status_code == 200


@given(text=st.text(max_size=120), place=st.sampled_from(["municipality", "name", "area", "experiment", "offset"]))
@settings(max_examples=150, deadline=None)
def test_no_text_in_a_filter_breaks_the_service(client: Client, text: str, place: str) -> None:
    whole = text.encode("utf-8", "replace").decode()
    response = client.get(f"{API}/drivers", params={place: whole, "limit": 1})
    assert response.status_code in (200, 404, 414, 422)


@given(path=st.binary(max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_bytes_in_a_path_break_the_service(client: Client, path: bytes) -> None:
    quoted = "".join(f"%{byte:02x}" for byte in path)
    for place in (f"{API}/areas/{quoted}", f"{API}/lists/{quoted}", f"/{quoted}"):
        assert client.get(place).status_code in (200, 404, 422)


def test_names_of_files_come_from_numbers_alone(client: Client) -> None:
    response = client.get(f"{API}/lists/1/risicolijst.csv")
    assert response.headers["content-disposition"] == 'attachment; filename="risicolijst-1.csv"'
    assert response.headers["x-content-type-options"] == "nosniff"
    for number in ("01", "1;x", '1"', "1%0a", "-1", "0", "1.5", "1e3", "9" * 30, "１", "+1", "%201"):
        assert client.get(f"{API}/lists/{number}/risicolijst.csv").status_code in (404, 422), number


def test_no_cell_is_a_formula_and_no_name_is_markup(world: Workspace) -> None:
    """Names of areas come from files; a hostile one must not become code in any form."""
    service = serving(world)
    snapshot = service.snapshots.serving["decline-2y"]
    names = snapshot.panel.names.astype("<U80").copy()
    mine = snapshot.owners == TOWN
    names[mine] = '=HYPERLINK("http://evil.example")<img src=x onerror=alert(1)>'
    hostile = replace(snapshot, panel=replace(snapshot.panel, names=names))
    service.snapshots._serving = {"decline-2y": hostile}
    client = Client(service)
    number = client.post(f"{API}/lists", json={"municipalities": [TOWN]}).json()["number"]
    table = client.get(f"{API}/lists/{number}/risicolijst.csv").text
    for row in csv.reader(io.StringIO(table)):
        for cell in row:
            number_like = re.fullmatch(r"[-+]?[0-9.e-]+", cell)
            assert number_like or not cell.startswith(("=", "+", "-", "@", "\t")), cell
    page = client.get(f"{API}/lists/{number}/risicolijst.html")
    assert "<img src=x" not in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("route", ["lists", "jobs"])
def test_large_bodies_are_cut_off_while_they_arrive(client: Client, route: str) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        for _ in range(10_000):
            sent += 8192
            yield b"x" * 8192

    assert is_problem(client.post(f"{API}/{route}", content=endless()), 413)
    assert sent <= client.service.settings.max_body_bytes + 2 * 8192
    told = client.post(f"{API}/{route}", content=b"", headers={"content-length": str(10**12)})
    assert is_problem(told, 413)


FORM = (
    b'--x\r\nContent-Disposition: form-data; name="gemeente"\r\n\r\nVenlo\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'
    b"location,deviation\r\nA,1\r\n\r\n--x--\r\n"
)
#: What a form may say it is; charsets that no form has, boundaries without end, none, or twice.
KINDS = [
    b"multipart/form-data" + rest
    for rest in (b"; boundary=x", b"", b"; boundary=", b"; boundary=" + b"a" * 400, b"; boundary=\xff\xfe",
                 b"; boundary=x; boundary=y", b"; boundary*=utf-16''%ff", *(b"; boundary=x; charset=" + charset
                 for charset in (b"foo", b'"\x00"', b"hex", b"rot13", b"utf-16", b"idna", b"x" * 5000)))
]  # fmt: skip


@pytest.fixture(scope="module")
def admin(client: Client) -> dict[str, str]:
    return {"authorization": f"Bearer {create_token(client.service.engine, 'admin', 'x')[0]}"}


@pytest.mark.parametrize("path", ["/lijst", f"{API}/uploads"])
@given(
    kind=st.sampled_from([*KINDS, b"application/x-www-form-urlencoded; charset=utf-7", b"", b";"]),
    cuts=st.lists(st.tuples(st.integers(0, len(FORM)), st.integers(0, 30), st.binary(max_size=8)), max_size=5),
)
@settings(max_examples=80, deadline=None)
def test_no_form_makes_a_library_fall_over(
    client: Client, admin: dict[str, str], path: str, kind: bytes, cuts: list[Any]
) -> None:
    body = FORM
    for at, length, put in cuts:
        body = body[:at] + put + body[at + length :]
    headers = {"content-type": kind, "origin": "http://localhost", **admin}
    response = client.post(path, content=body, headers=headers)
    assert response.status_code in (201, 303, 422) or is_problem(response, response.status_code)
    assert response.status_code < 500


def test_guessing_tokens_stops_after_ten(world: Workspace) -> None:
    service = serving(world, wrong_tokens_per_minute=10)
    right, _ = create_token(service.engine, "analyst", "right")
    stranger = Client(service, address="198.51.100.7")
    codes = [
        stranger.get(f"{API}/me", headers={"authorization": f"Bearer rm_{n:012x}_{'A' * 43}"}).status_code
        for n in range(14)
    ]
    assert codes == [401] * 10 + [429] * 4
    late = stranger.get(f"{API}/me", headers={"authorization": f"Bearer {right}"})
    assert is_problem(late, 429) and int(late.headers["retry-after"]) >= 1
    other = Client(service, address="198.51.100.8").get(f"{API}/me", headers={"authorization": f"Bearer {right}"})
    assert other.json()["role"] == "analyst"


def test_a_wrong_token_is_not_nobody(client: Client) -> None:
    for given_ in ("Bearer x", "Bearer ", "Basic YTpi", "x", "Bearer rm_a_b", "Bearer " + "é" * 20):
        response = client.get(f"{API}/areas", headers={"authorization": given_.encode("latin-1")})
        assert is_problem(response, 401) and response.headers["www-authenticate"] == "Bearer"


def test_tokens_are_compared_in_constant_time(world: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    service = serving(world)
    right, _ = create_token(service.engine, "reader", "x")
    seen: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def noted(one: Any, two: Any) -> bool:
        seen.append((len(one), len(two)))
        return compare(one, two)

    monkeypatch.setattr("riskmodel.web.access.tokens.hmac.compare_digest", noted)
    for text in (right, right[:-1] + "!", "rm_0_x", "nonsense"):
        service.tokens.look_up(text)
    # Also where there is no such token: the same comparison of the same two lengths.
    assert seen == [(64, 64)] * 4


def revoked(world: Workspace) -> tuple[Service, Client]:
    """A service, and a client whose token was good a moment ago."""
    service = serving(world)
    text, token = create_token(service.engine, "reader", "x")
    client = Client(service, authorization=f"Bearer {text}")
    assert client.get(f"{API}/me").status_code == 200
    revoke_token(service.engine, token.id)
    return service, client


def test_a_revoked_token_stops(world: Workspace) -> None:
    service, client = revoked(world)
    service.tokens._known.clear()  # what two seconds do
    assert is_problem(client.get(f"{API}/me"), 401)


def test_a_revoked_token_stops_within_two_seconds_however_often_it_is_used(world: Workspace) -> None:
    _, client = revoked(world)
    begun = time.monotonic()
    while client.get(f"{API}/me").status_code == 200:
        assert time.monotonic() - begun < 2.5
        time.sleep(0.1)
    assert is_problem(client.get(f"{API}/me"), 401)


def test_without_anonymous_reading_everything_needs_a_login(world: Workspace) -> None:
    service = serving(world, anonymous=False)
    nobody = Client(service)
    paths = [path.replace("{code}", "WK900101").replace("{number}", "1").replace("{form}", "csv").replace(
        "{experiment}", "decline-2y") for path in nobody.service and _paths(service)]  # fmt: skip
    assert len(paths) > 12
    for path in [*paths, "/metrics", f"{API}/openapi.json", "/nothing"]:
        expected = 401 if path not in (f"{API}/health", f"{API}/ready") else 200
        assert nobody.get(path).status_code == expected, path
    assert is_problem(nobody.post(f"{API}/lists", json={}), 401)
    reader = Client(service, authorization=f"Bearer {create_token(service.engine, 'reader', 'x')[0]}")
    assert reader.get(f"{API}/areas").status_code == 200


def _paths(service: Any) -> list[str]:
    from riskmodel.web.app import create_app

    return list(create_app(service.settings, service).openapi()["paths"])


def local(service: Any, code: str) -> None:
    """Give one municipality a local source, as ingesting one would."""
    snapshot = service.snapshots.serving["decline-2y"]
    panel = snapshot.panel
    values = np.full((1, *panel.values.shape[1:]), np.nan)
    values[0, snapshot.owners == code, -1] = 1.0
    own = replace(
        panel,
        indicators=(*panel.indicators, "own_survey"),
        values=np.concatenate([panel.values, values]),
        published=np.concatenate([panel.published, np.full((1, len(panel.years)), np.datetime64("2021-01-01"))]),
    )
    service.snapshots._serving = {"decline-2y": replace(snapshot, panel=own)}


def test_what_rests_on_local_sources_is_seen_by_its_municipality_only(world: Workspace) -> None:
    service = serving(world)
    local(service, TOWN)

    def bearer(role: Any, codes: list[str] | None) -> Client:
        return Client(service, authorization=f"Bearer {create_token(service.engine, role, 'x', codes)[0]}")

    own, other, everybody = bearer("reader", [TOWN]), bearer("admin", [OTHER]), bearer("analyst", None)
    number = own.post(f"{API}/lists", json={"municipalities": [TOWN]}).json()["number"]
    area = own.get(f"{API}/areas?municipality={TOWN}").json()["items"][0]["code"]
    asked = [f"{API}/forecasts?municipality={TOWN}", f"{API}/drivers?area={area}", f"{API}/lists/{number}",
             f"{API}/lists/{number}/areas", f"{API}/lists/{number}/risicolijst.csv"]  # fmt: skip
    for path in asked:
        for client in (own, everybody):
            assert client.get(path).status_code == 200, path
        # After somebody who may: what is ready on the shelf is not for everybody either.
        for client in (other, Client(service)):
            assert is_problem(client.get(path), 403), path
    codes = {each["code"] for each in Client(service).get(f"{API}/forecasts?limit=1000").json()["items"]}
    assert codes and not any(code[2:6] == TOWN[2:] for code in codes)
    assert is_problem(other.post(f"{API}/lists", json={"municipalities": [TOWN, OTHER]}), 403)
    country = Client(service).post(f"{API}/lists", json={}).json()
    assert TOWN not in country["municipalities"] and "zonder" in country["title"]
    assert everybody.post(f"{API}/lists", json={}).json()["municipalities"] == []
    # Official scores are public, whoever has a survey.
    assert Client(service).get(f"{API}/scores?municipality={TOWN}").status_code == 200
    etag = own.get(f"{API}/forecasts").headers["etag"]
    assert Client(service).get(f"{API}/forecasts", headers={"if-none-match": etag}).status_code == 200


def test_another_list_shows_no_comparable_area_of_a_closed_municipality(world: Workspace) -> None:
    service = serving(world)
    local(service, TOWN)
    listed = Client(service).post(f"{API}/lists", json={"municipalities": [OTHER]}).json()["number"]
    request = service.lists.find(listed)
    assert request is not None
    comparable = [each.location for sheet in service.lists.made(request).sheets for each in sheet.comparable]
    assert comparable and not any(code[2:6] == TOWN[2:] for code in comparable)


PROXIED = {"trusted_header": "X-User", "trusted_groups_header": "X-Groups", "trusted_proxies": ("10.0.0.0/8",)}


def test_a_trusted_header_from_elsewhere_is_ignored(world: Workspace) -> None:
    service = serving(world, **PROXIED)
    said = {"x-user": "mayor", "x-groups": "riskmodel-admin"}
    assert Client(service, address="192.0.2.1").get(f"{API}/me", headers=said).json()["name"] is None
    proxied = Client(service, address="10.1.2.3")
    assert proxied.get(f"{API}/me", headers=said).json() == {
        "name": "user:mayor", "role": "admin", "municipalities": None,
    }  # fmt: skip
    assert proxied.get(f"{API}/me").json()["name"] is None
    twice = [("x-user", "mayor"), ("x-user", "clerk")]
    assert proxied.get(f"{API}/me", headers=twice).json()["name"] is None
    with pytest.raises(InputError, match="trusted_proxies"):
        Settings(workspace=Path("w"), trusted_header="X-User")


@pytest.mark.parametrize(
    ("groups", "role", "codes"),
    [("", "reader", []), ("riskmodel-analyst,other", "analyst", []), ("admin,GM0983", "reader", []),
     ("riskmodel-GM0983, riskmodel-GM0984", "reader", ["GM0983", "GM0984"]),
     ("riskmodel-admin,riskmodel-GM0983", "admin", ["GM0983"])],
)  # fmt: skip
def test_groups_of_a_login(groups: str, role: str, codes: list[str]) -> None:
    found = user_of(Settings(workspace=Path("w")), "a", groups)
    assert (found.role, found.municipalities) == (role, frozenset(codes))


def test_the_address_is_the_last_one_nobody_trusted_vouches_for() -> None:
    networks = Settings(workspace=Path("w"), trusted_proxies=("10.0.0.0/8", "::1")).networks
    cases = {
        ("10.0.0.1", ""): "10.0.0.1",
        ("10.0.0.1", "1.2.3.4"): "1.2.3.4",
        ("10.0.0.1", "6.6.6.6, 1.2.3.4"): "1.2.3.4",
        ("10.0.0.1", "1.2.3.4, 10.0.0.2"): "1.2.3.4",
        ("10.0.0.1", "<script>"): "10.0.0.1",
        ("::1", "2001:db8::1"): "2001:db8::1",
        ("9.9.9.9", "1.2.3.4"): "9.9.9.9",
    }
    assert {case: client_address(networks, *case) for case in cases} == cases


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "a/b", "", "localhost:x", "[::1", "é.example"]
)
def test_an_unknown_host_is_refused(client: Client, host: str) -> None:
    assert is_problem(client.get(f"{API}/health", headers={"host": host.encode()}), 400)
    assert not known_host(host, ("risk.example",))


def test_known_hosts(world: Workspace) -> None:
    service = serving(world, allowed_hosts=("Risk.example",))
    client = Client(service)
    for host in ("risk.example", "RISK.example:443", "127.0.0.1:8000", "[::1]:8000", "localhost"):
        response = client.get(f"{API}/health", headers={"host": host})
        assert response.status_code == 200
        assert host not in response.text + str(response.headers)


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
     {"sec-fetch-site": "same-site"}, {"referer": "http://evil.example/localhost"}, {"origin": "http://localhost:81"}],
)  # fmt: skip
def test_other_sites_cannot_make_a_browser_ask(client: Client, headers: dict[str, str]) -> None:
    assert is_problem(client.post(f"{API}/lists", json={"municipalities": [TOWN]}, headers=headers), 403)
    # A token is not sent by the browser itself, so nobody else can make it.
    token = create_token(client.service.engine, "reader", "x")[0]
    allowed = {**headers, "authorization": f"Bearer {token}"}
    assert client.post(f"{API}/lists", json={"municipalities": [TOWN]}, headers=allowed).status_code in (200, 201)


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"sec-fetch-site": "same-origin", "origin": "https://risk.example"}, 303),
     ({"sec-fetch-site": "same-origin"}, 303), ({"origin": "https://risk.example"}, 303),
     ({"origin": "https://RISK.example"}, 303), ({"referer": "https://risk.example/?gemeente=Venlo"}, 303),
     ({}, 403), ({"sec-fetch-site": "cross-site"}, 403), ({"sec-fetch-site": "same-site"}, 403),
     ({"sec-fetch-site": "Same-Origin "}, 403), ({"sec-fetch-site": ""}, 403),
     ({"sec-fetch-site": "same-site", "origin": "https://risk.example"}, 403),
     ({"sec-fetch-site": "same-origin", "origin": "https://evil.example"}, 403),
     ({"origin": "https://blog.risk.example"}, 403), ({"origin": "https://risk.example:8443"}, 403),
     ({"origin": "https://risk.example.evil.example"}, 403), ({"origin": "null"}, 403),
     ({"origin": "risk.example"}, 403),
     ({"referer": "https://evil.example/risk.example"}, 403)],
)  # fmt: skip
def test_a_form_must_come_from_a_page_of_the_same_origin(
    world: Workspace, headers: dict[str, str], status: int
) -> None:
    """Behind a proxy that ends TLS: it vouches for the login, which the browser sends by itself."""
    proxied = Client(serving(world, allowed_hosts=("risk.example",), **PROXIED), address="10.1.2.3")
    sent = {"host": "risk.example", "x-user": "mayor", **headers}
    assert proxied.post("/lijst", data={"gemeente": TOWN}, headers=sent).status_code == status


def test_a_program_needs_no_origin_but_no_page_either(client: Client) -> None:
    assert client.post(f"{API}/lists", json={"municipalities": [TOWN]}).status_code in (200, 201)
    assert is_problem(client.post("/lijst", data={"gemeente": TOWN}), 403)
    token = create_token(client.service.engine, "reader", "x")[0]
    sent = {"authorization": f"Bearer {token}"}
    assert client.post("/lijst", data={"gemeente": TOWN}, headers=sent).status_code == 303


def test_every_answer_has_the_headers_that_keep_browsers_safe(client: Client) -> None:
    for method, path in (("GET", f"{API}/areas"), ("GET", "/nothing"), ("POST", f"{API}/areas"),
                         ("GET", f"{API}/lists/x"), ("GET", f"{API}/lists/1/risicolijst.html"),
                         ("GET", f"{API}/lists/1/risicolijst.html")):  # fmt: skip
        headers = client(method, path).headers
        assert headers["x-frame-options"] == "DENY" and headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "server" not in headers and "access-control-allow-origin" not in headers
        assert len(headers.get_list("content-security-policy")) == 1
    assert "no-cache" in client.get(f"{API}/areas").headers["cache-control"]


def test_too_many_requests(world: Workspace) -> None:
    service = serving(world, requests_per_minute=5)
    one, two = Client(service, address="198.51.100.1"), Client(service, address="198.51.100.2")
    codes = [one.get(f"{API}/me").status_code for _ in range(7)]
    assert codes == [200] * 5 + [429] * 2
    late = one.get(f"{API}/me")
    assert is_problem(late, 429) and 1 <= int(late.headers["retry-after"]) <= 12
    assert two.get(f"{API}/me").status_code == 200
    assert one.get(f"{API}/health").status_code == 200


def test_a_bucket_fills_at_its_pace_and_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("riskmodel.web.access.limits.MOST", 100)
    rate = Rate(60, clock=lambda: clock[0])
    assert [rate.wait("a") for _ in range(60)] == [0] * 60
    assert rate.wait("a") == 1
    clock[0] = 10.0
    assert [rate.wait("a") for _ in range(11)] == [0] * 10 + [1]
    for number in range(1000):
        rate.wait(str(number))
    assert len(rate._buckets) <= 100
    # One machine has a whole network of IPv6 addresses: they are one.
    from riskmodel.web.access.gate import rate_limit_key

    assert (
        rate_limit_key("2001:db8:1:2:3::4")
        == rate_limit_key("2001:db8:1:2:ffff::1")
        != rate_limit_key("2001:db8:1:3::1")
    )


def test_an_answer_that_takes_too_long_is_given_up(world: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    service = serving(world, request_timeout=0.3)
    monkeypatch.setattr("riskmodel.web.api.lists._body", lambda *_: time.sleep(1.0))
    client = Client(service)
    service.lists.record(service.snapshots.serving["decline-2y"], _asked(), "")
    response = client.get(f"{API}/lists/1/risicolijst.csv")
    assert is_problem(response, 503) and response.headers["retry-after"]


def _asked() -> Any:
    from riskmodel.web.serving.making import ListOptions

    return ListOptions((TOWN,), "Risicolijst", None)


@pytest.mark.parametrize(
    "text",
    [f"no file {ROOT}/x.py", "/etc/passwd is damaged", r"C:\Users\me\x.csv", "a \ud800 b", "a\r\nb", "x" * 9000],
)
def test_no_error_tells_a_path_or_breaks_a_line(text: str) -> None:
    told = body_of(422, text, [{"where": text, "message": text}]).decode()
    assert "/etc/" not in told and str(ROOT) not in told and "Users" not in told
    assert "\n" not in told and len(told) < 2000


def test_a_damaged_workspace_tells_nothing(world: Workspace) -> None:
    client = Client(serving(world))
    number = client.post(f"{API}/lists", json={"municipalities": [TOWN]}).json()["number"]
    client.service.lists._made.clear()
    client.service.snapshots._serving = {}
    for path in world.path("service", "snapshots").rglob("forecast.parquet"):
        path.unlink()
    assert is_problem(client.get(f"{API}/lists/{number}/risicolijst.csv"), 500)


def test_lists_and_tokens_leave_a_trace(world: Workspace) -> None:
    from sqlalchemy import select

    service = serving(world)
    Client(service, address="198.51.100.9").post(f"{API}/lists", json={"municipalities": [TOWN]})
    with reading(service.engine) as connection:
        rows = connection.execute(select(access_log)).all()
    assert [(row.action, row.address, row.what) for row in rows] == [("list", "198.51.100.9", '{"number":1}')]


@pytest.mark.parametrize(
    ("name", "text"),
    [("ANONYMOUS", "perhaps"), ("REQUESTS_PER_MINUTE", "many"), ("TRUSTED_PROXIES", "proxy"),
     ("TRUSTED_ROLE", "root"), ("REQUEST_TIMEOUT", "0"), ("MAKERS", "0")],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(name: str, text: str) -> None:
    with pytest.raises(InputError):
        read_settings({f"RISKMODEL_{name}": text})
    assert settings_of(Workspace("w")).anonymous

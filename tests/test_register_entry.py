"""The entry for the algorithm register: held against the official configuration by a validator of another make."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_dutch import lengths, sentences

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.products.governance.register_entry import answers_form, entry_of, read_answers, read_entry, summary
from riskmodel.products.governance.register_standard import problems_of, standard_fields
from riskmodel.products.governance.register_words import ASKS, RegisterFacts, Source, register_values

#: Made by the register itself.
AUTOMATIC = {"lars", "publication_dt"}
MUST = ["organization", "status", "contact_email", "publication_category"]
ANSWERS: dict[str, Any] = {
    "organization": "Gemeente Noorderhaaks",
    "status": "In gebruik",
    "contact_email": "algoritmes@noorderhaaks.example",
    "publication_category": "Impactvolle algoritmes",
    "begin_date": "2026-03",
    "lawful_basis_grouping": [{"title": "Gemeentewet", "link": "https://wetten.overheid.nl/BWBR0005416"}],
    "impacttoetsen_grouping": [{"title": "Impact Assessment Mensenrechten en Algoritmes (IAMA)"}],
    "proportionality": "<p>Bekijken <br/>kost tijd.</p>",
}


def facts(**changes: Any) -> RegisterFacts:
    sources = tuple(
        Source(entry["label"], entry["link"])
        for name, entry in load("sources").items()
        if name in ("leefbaarometer-3.0", "kwb")
    )
    told = {
        "event": "een daling van meer dan 0,05 punt",
        "horizon": 2,
        "level": "wijk",
        "model": "lightgbm",
        "release_id": "lightgbm-2020-b34e601986",
        "sources": sources,
        "track_record": "Bij willekeurig kiezen was dat 4%.",
    }
    return RegisterFacts(**{**told, **changes})


@pytest.fixture(scope="module")
def official(real_data: Path) -> dict[str, Any]:
    path = real_data / "algoritmeregister_v1_0.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))["properties"])


def schema_of(properties: dict[str, Any]) -> dict[str, Any]:
    """The official configuration as JSON Schema, put together here and nowhere in the package."""

    def one(about: dict[str, Any]) -> dict[str, Any]:
        permitted = {"enum": about["permitted_values"]} if "permitted_values" in about else {}
        longest = {"maxLength": about["max_length"]} if "max_length" in about else {}
        if about["type"] == "array":
            return {"type": "array", "items": of(about["items"]) if "items" in about else permitted}
        return {"type": "string", "minLength": 1, **longest, **permitted}

    def of(fields: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {key: one(about) for key, about in fields.items()},
            # The text "false" counts as required: what meets that meets the other reading too.
            "required": [key for key, about in fields.items() if about.get("required")],
        }

    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **of(properties)}


# --- the standard ------------------------------------------------------------------------------------------------


def test_the_catalogue_has_the_fields_of_the_official_configuration(official: dict[str, Any]) -> None:
    types = {"string": "text", "enum": "choice"}
    own = standard_fields()
    assert list(own) == [key for key in official if key not in AUTOMATIC]

    def same(field: Any, about: dict[str, Any]) -> None:
        expected = types.get(about["type"]) or ("links" if "items" in about else "choices")
        assert (field.title, field.type) == (about["title"], expected), field.key
        assert field.longest == about.get("max_length", 0), field.key
        assert field.required == bool(about.get("required")), field.key
        assert field.permitted == tuple(about.get("permitted_values", ())), field.key
        assert field.html == tuple(about.get("allowed_html_tags", ())), field.key
        assert [item.key for item in field.items] == list(about.get("items", ())), field.key
        for item in field.items:
            same(item, about["items"][item.key])

    for key, field in own.items():
        same(field, official[key])


def test_a_completed_entry_validates(official: dict[str, Any]) -> None:
    validator = jsonschema_rs.validator_for(schema_of(official))
    entry = entry_of(register_values(facts()), ANSWERS)
    assert entry.missing == () and entry.problems == ()
    values = json.loads(entry.text)
    assert [str(error) for error in validator.iter_errors(values)] == []
    assert values["organization"] == "Gemeente Noorderhaaks"
    assert values["source_data_grouping"][0]["link"] == "https://www.leefbaarometer.nl"
    assert "Alle verplichte velden zijn ingevuld" in summary(entry)


def test_an_entry_with_open_fields_does_not_pass_for_a_valid_one(official: dict[str, Any]) -> None:
    validator = jsonschema_rs.validator_for(schema_of(official))
    entry = entry_of(register_values(facts()))
    values = json.loads(entry.text)
    assert [key for key, value in values.items() if value is None] == MUST
    # One error a field that is open, and none besides.
    wrong = {str(error.instance_path[0]) for error in validator.iter_errors(values)}
    assert wrong == set(MUST) == {field.standard.key for field in entry.missing}
    assert {problem.key for problem in entry.problems} == set(MUST)
    text = summary(entry)
    assert text.startswith("Nog niet klaar. Nog in te vullen, verplicht (4):")
    assert all(f"({key})" in text for key in ASKS)


def value_for(about: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a field that are right, nearly right, or of another kind."""
    limit = about.get("max_length", 30)
    texts = st.one_of(
        st.text("ab <é", max_size=12),
        st.sampled_from([limit - 1, limit, limit + 1]).map(lambda n: "x" * n),
        *([st.sampled_from(about["permitted_values"])] if "permitted_values" in about else []),
    )
    if about["type"] != "array":
        return st.one_of(texts, st.none(), st.integers(), st.lists(texts, max_size=2))
    if "items" not in about:
        return st.one_of(st.lists(texts, max_size=3), texts)
    item = st.fixed_dictionaries({}, optional={key: value_for(each) for key, each in about["items"].items()})
    return st.one_of(st.lists(item, min_size=1, max_size=2), texts)


@given(data=st.data())
@settings(deadline=None)
def test_the_check_agrees_with_the_validator(official: dict[str, Any], data: st.DataObject) -> None:
    """On requirements, lengths, types and permitted values; patterns and elements of HTML are stricter of ours."""
    keys = data.draw(st.lists(st.sampled_from([key for key in official if key not in AUTOMATIC]), max_size=4))
    entry = {**register_values(facts()), **ANSWERS}
    for key in keys:
        if data.draw(st.booleans()):
            entry[key] = data.draw(value_for(official[key]))
        else:
            entry.pop(key, None)
    patterned = {key for key, field in standard_fields().items() if field.pattern or field.type == "links"}
    own = {problem.key.split(",")[0] for problem in problems_of(entry)}
    errors = jsonschema_rs.validator_for(schema_of(official)).iter_errors(entry)
    theirs = {
        re.findall(r'"(\w+)" is a required', error.message)[0]
        if not error.instance_path
        else error.instance_path[0]
        for error in errors
    }
    blank = {key for key, value in entry.items() if isinstance(value, str) and not value.strip()}
    blank |= {key for key, value in entry.items() if key == "category" and isinstance(value, list) and "" in value}
    assert theirs <= own | blank
    assert own - theirs <= patterned | blank | {key for key, value in entry.items() if "<" in str(value)}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("begin_date", "2026-13", "a year and month"),
        ("begin_date", "2026-1", "a year and month"),
        ("contact_email", "bel ons", "an e-mail address"),
        ("contact_email", "http://noorderhaaks.example", "an e-mail address"),
        ("website", "www.noorderhaaks.example", "begins with https://"),
        ("goal", "<script>alert(1)</script>", "only the elements div, br, p, ul, ol, li"),
        ("goal", "<a href='https://x.example'>x</a>", "only the elements"),
        ("name", "<b>naam</b>", "plain text"),
        ("lawful_basis_grouping", [{"title": "Gemeentewet"}], "one"),
        ("lawful_basis_grouping", [{"title": "Gemeentewet", "link": "ja"}], "begins with https://"),
        ("lawful_basis_grouping", [], "a list of entries"),
        ("status", "Actief", "one of In ontwikkeling, In gebruik, Buiten gebruik"),
        ("tags", 3, "a text"),
    ],
)
def test_a_value_that_breaks_the_standard_is_told(key: str, value: Any, expected: str) -> None:
    [problem] = problems_of({**register_values(facts()), **ANSWERS, key: value})
    assert problem.key.startswith(key)
    assert expected in problem.expected


# --- what is filled in, and what only people can say -------------------------------------------------------------


def test_what_only_an_organisation_knows_is_never_filled_in() -> None:
    values = register_values(facts())
    assert not set(values) & {*MUST, "lawful_basis", "proportionality", "impacttoetsen", "provider", "publiccode"}
    entry = entry_of(values)
    assert [field.standard.key for field in entry.missing] == MUST
    assert all(field.value is not None or field.ask for field in entry.fields)


def test_every_text_fits_whatever_the_model_uses() -> None:
    """The longest entry there can be: every source of the catalogue, and a long record."""
    every = tuple(Source(entry["label"], entry["link"]) for entry in load("sources").values())
    told = facts(sources=every, level="buurt", track_record="Bij willekeurig kiezen was dat 4%. " * 20)
    assert {problem.key for problem in entry_of(register_values(told)).problems} == set(MUST)
    assert all(entry["link"].startswith("https://") for entry in load("sources").values())
    own = facts(sources=(*every, Source("meldingen (van de gemeente zelf)")))
    values = register_values(own)
    assert "meldingen" in values["source_data"]
    assert len(values["source_data_grouping"]) == len(every)


def test_the_dutch_is_plain() -> None:
    """B1: short sentences. The field for technical readers may be longer."""
    values = register_values(facts())
    for key in ("description_short", "goal", "human_intervention", "risks"):
        assert max(lengths(values[key])) <= 20, key
        assert np.mean(lengths(values[key])) <= 13, key
    assert max(max(lengths(ask)) for ask in ASKS.values()) <= 16
    # Two or three sentences, as the standard asks.
    assert len(sentences(values["description_short"])) == 3


# --- answers -----------------------------------------------------------------------------------------------------


def test_the_form_asks_for_all_and_can_be_answered(tmp_path: Path) -> None:
    entry = entry_of(register_values(facts()))
    path = tmp_path / "antwoorden.yaml"
    path.write_text(answers_form(entry), encoding="utf-8")
    assert set(yaml.safe_load(path.read_text(encoding="utf-8"))) == set(ASKS)
    assert read_answers(path) == {}
    filled = answers_form(entry).replace("\nstatus:", "\nstatus: In gebruik")
    path.write_text(filled, encoding="utf-8")
    assert read_answers(path) == {"status": "In gebruik"}
    path.write_text(yaml.safe_dump(ANSWERS, allow_unicode=True), encoding="utf-8")
    answered = entry_of(register_values(facts()), read_answers(path))
    assert answered.missing == () and answered.values["proportionality"] == ANSWERS["proportionality"]
    assert "status" not in answers_form(answered)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "found list; expected keys and values"),
        ("a: [\n", "not YAML"),
        ("naam: x\n", "field 'naam'; expected one of name,"),
        ("status: Actief\n", "status: found 'Actief'"),
        ("begin_date: 2026-03-01\n", "begin_date: found datetime.date"),
        ("name: " + "x" * 101, "101 characters; expected at most 100"),
        ("!!python/object/apply:os.system ['true']\n", "not YAML"),
    ],
)
def test_answers_that_are_none_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "antwoorden.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(message)):
        read_answers(path)


def test_without_an_entry_it_is_said_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="riskmodel describe"):
        read_entry(tmp_path / "register_entry.json")
    path = tmp_path / "list.json"
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="fields of an entry"):
        read_entry(path)

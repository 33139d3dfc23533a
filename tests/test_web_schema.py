"""The description of the API is true: Schemathesis makes requests from it and looks at the answers.

The number of cases an operation is in the environment, ``RISKMODEL_SCHEMA_CASES``; see docs/api.md.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from web_worlds import TOWN, serving, trained

from riskmodel.web.access.tokens import create_token
from riskmodel.web.app import create_app
from riskmodel.web.serving.making import ListOptions
from riskmodel.workspace.store import Workspace

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed (riskmodel[dev])")
CASES = int(os.environ.get("RISKMODEL_SCHEMA_CASES", "8"))


def test_answers_are_as_described(tmp_path_factory: pytest.TempPathFactory) -> None:
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        negative_data_rejection,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    folder = tmp_path_factory.mktemp("schema")
    workspace = Workspace(shutil.copytree(trained(tmp_path_factory.getbasetemp()).folder, folder / "workspace"))
    service = serving(workspace, allowed_hosts=("testserver",))
    app = create_app(service.settings, service)
    token, _ = create_token(service.engine, "analyst", "schema")
    service.lists.record(service.snapshots.serving["decline-2y"], ListOptions((TOWN,), "Risicolijst", 3), "")
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    checks = [
        schemathesis.checks.not_a_server_error, status_code_conformance, content_type_conformance,
        response_headers_conformance, response_schema_conformance, negative_data_rejection,
    ]  # fmt: skip
    seen: Counter[int] = Counter()
    wrong: list[str] = []
    operations = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        operations += 1
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=CASES, deadline=None, database=None, derandomize=True,
                phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            def one(case):  # type: ignore[no-untyped-def]
                response = case.call(headers={"authorization": f"Bearer {token}"})
                seen[response.status_code] += 1
                # An address that is too long is refused whatever it asks.
                wanted = checks[:-1] if response.status_code == 414 else checks
                case.validate_response(response, checks=wanted)

            try:
                one()
            except (Exception, BaseExceptionGroup) as error:
                if "Unsatisfiable" in type(error).__name__ or "not allow" in str(error):
                    continue  # nothing about a request without parameters can be wrong
                wrong.append(f"{operation.label} {mode}: {error}")
    assert not wrong, "\n\n".join(wrong)
    assert operations >= 17 and all(status < 500 for status in seen)
    assert seen[200] and seen[422] and seen[404]
    print(dict(seen), sum(seen.values()), "cases")

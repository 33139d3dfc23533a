"""A document to start an IAMA with: facts about a model, and the questions that only people can answer.

The IAMA (*Impact Assessment Mensenrechten en Algoritmes*) is a conversation. The questions are put in our own
words along the parts of the official document, to which the text refers; none of its text is copied.
"""

from __future__ import annotations

from riskmodel.catalogue import driver_labels
from riskmodel.forecasting.groups import SMALL
from riskmodel.products.governance.audit_tables import differences_in_dutch, tally_in_dutch
from riskmodel.products.governance.model_card import LICENCE, CardFacts, environment
from riskmodel.products.governance.register_words import sources_of
from riskmodel.products.rendering import dutch
from riskmodel.products.risk_list.texts import event_in_dutch, in_dutch
from riskmodel.products.risk_list.track_record import track_record

#: Name of the document in the folder of a released model.
DOCUMENT = "iama.md"
TEMPLATE = "iama.md.j2"
#: Where the official document is.
OFFICIAL = (
    "https://www.rijksoverheid.nl/documenten/rapporten/2021/02/25/impact-assessment-mensenrechten-en-algoritmes"
)


def iama_document(facts: CardFacts, release_id: str) -> str:
    """Return the document in Markdown, in Dutch."""
    names = driver_labels()
    used = dict.fromkeys(name.split(".")[0] for name in facts.stage.features.names)
    record, audit = facts.record, facts.audit
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            facts=facts,
            event=event_in_dutch(facts.experiment.event),
            release_id=release_id,
            official=OFFICIAL,
            licence=LICENCE,
            small=SMALL,
            areas=dutch.whole(len(facts.stage.areas)),
            known_at=dutch.day_words(facts.stage.origin.known_at),
            sources=sources_of(facts.panel.known_at(facts.stage.origin.known_at)),
            proxies=_proxies(facts),
            drivers=[names.get(driver, driver) for driver in used],
            track_record=in_dutch(track_record(record.scores, record.experiment, facts.model) if record else None),
            failed=[found.code for found in facts.findings if found.outcome == "failed"],
            audit=audit,
            tally="" if audit is None else tally_in_dutch(audit),
            differences=[] if audit is None else differences_in_dutch(audit),
        )
    )


def _proxies(facts: CardFacts) -> list[str]:
    """Return the Dutch names of the features' indicators that go together with origin."""
    used = {name.split(".", 1)[-1].removesuffix("_change") for name in facts.stage.features.names}
    known = facts.panel.known_at(facts.stage.origin.known_at)
    return [
        about.label_nl
        for key, about in facts.panel.definitions.items()
        if about.sensitivity == "proxy" and key in used and known.years_of(key)
    ]

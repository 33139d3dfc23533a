"""``riskmodel register-entry``: the entry of a model for the Dutch algorithm register."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.products.governance.register_entry import (
    ENTRY,
    Entry,
    answers_form,
    entry_of,
    read_answers,
    read_entry,
)
from riskmodel.scoring.release import load_release
from riskmodel.workflow.questions import PREFERRED, model_of
from riskmodel.workspace.atomic import write_atomically
from riskmodel.workspace.store import Workspace


def register_entry(
    workspace: Workspace,
    out: Path,
    *,
    experiment: str | None = None,
    release: Path | None = None,
    answers: Path | None = None,
) -> tuple[Entry, dict[str, Path]]:
    """Entry of a model for the Dutch algorithm register, publication standard 1.0.

    Written as JSON. What only people can say is never made up: a required field that is open holds ``null``, and a
    file to answer in is written beside the entry, unless there is one already.

    Parameters
    ----------
    workspace : Workspace
        With the champion.
    out : Path
        File to write the entry into.
    experiment : str, optional
        The question whose champion it is about; by default that of the only model, else slide-2y.
    release : Path, optional
        Folder of another released model, for instance one of those in ``models/``.
    answers : Path, optional
        YAML with a value for every field that is answered; an answer replaces what was filled in.

    Returns
    -------
    Entry
        The entry; ``missing`` says which required fields are open.
    dict
        Paths of the entry and, where one was written, of the file to answer in.

    Raises
    ------
    InputError
        If there is no model, it holds no entry, or an answer does not keep to the standard; nothing is written
        then.
    """
    given = {} if answers is None else read_answers(answers)
    folder = release or _champion_folder(workspace, experiment)
    load_release(folder)
    made = entry_of(read_entry(folder / ENTRY), given)
    for problem in made.problems:
        if problem.key not in {field.standard.key for field in made.missing}:
            raise InputError(f"{folder / ENTRY}: {problem.key}", problem.found, problem.expected)
    paths = {"entry": write_atomically(out, made.text.encode())}
    form = out.with_name(f"{out.stem}-antwoorden.yaml")
    if any(field.ask for field in made.fields) and not form.exists() and answers is None:
        paths["answers"] = write_atomically(form, answers_form(made).encode())
    return made, paths


def _champion_folder(workspace: Workspace, experiment: str | None) -> Path:
    from riskmodel.workflow.tracking import registry

    trained = sorted(path.name for path in workspace.path("models").glob("[!.]*") if path.is_dir())
    main = [name for name in map(partial(model_of, workspace), PREFERRED) if name in trained]
    name = model_of(workspace, experiment) if experiment else "".join((main or trained)[:1])
    found = registry.release_by_alias(workspace, name, registry.CHAMPION) if name in trained else None
    if found is None:
        raise InputError(
            workspace.folder,
            f"no champion{f' for {experiment or name!r}' if experiment or name else ''}",
            f"one of {trained}" if trained else "a trained model",
            "Run: riskmodel train experiments/NAME.yaml",
        )
    return workspace.path("models", name, found[0])

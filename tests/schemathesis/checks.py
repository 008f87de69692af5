"""A request that fits the OpenAPI document is not answered with 400 `invalid_input`.

Other refusals are about meaning, not form, and have statuses of their own: 404 (no such thing), 409 (its state), 422 (a schedule, a pipeline,
a bundle that cannot be used). The refusals below are 400 as well, although no JSON Schema can say them.
"""

import re

import schemathesis

EXPLAINED = [
    # (path of the field, message, why the document cannot say it)
    (r".*", r"more than a number can keep exactly", "JSON Schema has no limit of digits that holds inside of any JSON"),
    (r"cursor", r"not a cursor of this list", "a cursor is opaque, and belongs to one list"),
    (r"args.*", r"", "the arguments of a tool are described by the tool's own schema"),
    (r"name", r"title with Latin letters", "a name is derived from a title by its Latin letters and digits"),
    (r"output", r"Exactly one of output and skip", "`skip: false` is as good as no `skip`"),
    (r".*", r"not (an IANA|a) time zone", "the list of time zones changes"),
    (r".*", r"Expected an origin|Expected a URL", "hosts and ports have rules beyond a pattern"),
    (r"until|at|from|to|after|now|expiresAt", r"", "times are compared with the clock and with each other"),
    (r".*", r"duration may be at most|whole number of milliseconds|Must be greater than zero|at most one hour", "the length of a duration is not its form"),
    (r".*", r"[Cc]haracters as JSON|characters of JSON|At most \d+ entries", "the size of JSON"),
    (r".*", r"\(at character \d+\)|schema cannot be used", "expressions, topics, templates and schemas have a grammar"),
    (r".*", r"unpaired surrogate|NUL", "patterns of JSON Schema see no surrogates"),
    (r".*", r"is not an argument", "placeholders of a URL and a body are arguments of the tool"),
    (r".*", r"^(Only |Not )|has no |needs ", "which members a kind of step has"),
    (r".*", r"^A step does one thing", "the generator does not know dependentRequired"),
    (r"settings.type", r"type of a connection cannot change", "the document does not know the connection"),
    (r"workflow.(name|version)", r"There is no (workflow|version)", "the document does not know what is deployed"),
    (r"runId", r"Expected an id", "GET /runs/batch is GET /runs/{runId}"),
]


@schemathesis.check
def refused_as_described(ctx, response, case):
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive or response.status_code != 400:
        return
    problem = response.json()
    errors = problem.get("errors") or [{"path": "", "message": problem.get("detail", "")}]
    for error in errors:
        if not any(re.fullmatch(path, error["path"]) and re.search(said, error["message"]) for path, said, _ in EXPLAINED):
            raise AssertionError(f"{case.operation.label}: the document accepts what is refused: {error['path']}: {error['message']}")

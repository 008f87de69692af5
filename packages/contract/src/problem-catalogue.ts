/**
 * The closed list of problems: what a caller can act on. `title` never varies, `meaning` and `remedy` become the page
 * docs/problems/<code>.md. 404 where the caller may not know that the thing exists, 403 only where he may.
 */
export interface ProblemKind {
  readonly status: 400 | 401 | 403 | 404 | 405 | 406 | 409 | 413 | 415 | 422 | 429 | 500 | 503
  readonly title: string
  readonly meaning: string
  readonly remedy: string
}

export const PROBLEMS = {
  unauthenticated: {
    status: 401,
    title: 'No valid API key',
    meaning: 'The request has no API key, or the key is unknown, revoked or expired.',
    remedy: 'Send `Authorization: Bearer <key>`. Make a key with `orrery keys create`.',
  },
  forbidden: {
    status: 403,
    title: 'The key lacks a permission',
    meaning: 'The key is valid but does not carry the scope that this operation needs. `permission` names it.',
    remedy: 'Use a key with that scope. A key’s scopes cannot be widened; make a new one.',
  },
  invalid_input: {
    status: 400,
    title: 'The input is not valid',
    meaning: 'At least one field is missing, unknown or of the wrong form. `errors` names each by its path, with what was expected.',
    remedy: 'Correct the fields listed in `errors` and send the request again.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    meaning: 'This key sent more requests than its rate allows.',
    remedy: 'Wait for `retryAfterMs` (also in the header `Retry-After`, in seconds), then send the request again.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong on our side',
    meaning: 'A bug or a lost connection. Nothing of the cause is shown here; the server’s log has it under `requestId`.',
    remedy: 'Send the request again with the same idempotency key. If it goes on, report the `requestId`.',
  },
  unavailable: {
    status: 503,
    title: 'The server cannot answer now',
    meaning: 'The server is starting, stopping, or its database cannot be reached.',
    remedy: 'Send the request again after a few seconds.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this address',
    meaning: 'No operation has this path, or the thing does not exist in your organization.',
    remedy: 'Compare the path with `/docs`.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The address does not take this method',
    meaning: 'The path exists with other methods; the header `Allow` lists them.',
    remedy: 'Compare the method with `/docs`.',
  },
  payload_too_large: {
    status: 413,
    title: 'The request is too large',
    meaning: 'The body is longer, or nested deeper, than the server takes.',
    remedy: 'Send less at once, or pass a reference to where the data lies.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The body is not JSON',
    meaning: 'Bodies are `application/json` in UTF-8.',
    remedy: 'Send `Content-Type: application/json`.',
  },
  host_not_allowed: {
    status: 403,
    title: 'The server does not answer under this name',
    meaning:
      'The header `Host` or `Origin` names a host that this server was not told about. This is how a web ' +
      'page would reach a private server.',
    remedy: 'Set `ORRERY_PUBLIC_URL`, or add the name to `ORRERY_ALLOWED_HOSTS` (for `Origin`: `ORRERY_CORS_ORIGINS`), and start again.',
  },
  'idempotency.key_reused': {
    status: 422,
    title: 'The idempotency key was used with other input',
    meaning: 'An earlier request with this key had a different input or was another operation. Keys are kept for 24 hours.',
    remedy: 'Use a new key for a new request. Use the same key only to repeat exactly the same one.',
  },
  'idempotency.in_progress': {
    status: 409,
    title: 'A request with this idempotency key is still running',
    meaning: 'Two requests with the same key arrived at the same time; the first one has not finished.',
    remedy: 'Wait for `retryAfterMs` and send it again: it answers what the first one did.',
  },
  'workflow.not_found': {
    status: 404,
    title: 'No such workflow',
    meaning: 'No workflow of this name has been deployed in your organization.',
    remedy: 'List them with `orrery workflows list`, or deploy it.',
  },
  'workflow.version_not_found': {
    status: 404,
    title: 'No such version of the workflow',
    meaning: 'No deployed bundle has this hash, or it does not hold this workflow.',
    remedy: 'List them with `orrery workflows versions <workflow>`.',
  },
  'workflow.bundle_invalid': {
    status: 422,
    title: 'The bundle cannot be used',
    meaning: 'The hash does not fit the code, the code does not load, or it does not describe itself as the manifest says.',
    remedy: 'Build it again with this version of Orrery and deploy the result unchanged.',
  },
  'workflow.name_reserved': {
    status: 422,
    title: 'The name belongs to Orrery',
    meaning: 'Workflows whose names begin with `orrery.` are part of the server; nobody else deploys or starts them.',
    remedy: 'Give the workflow another name. A pipeline is started with `orrery pipelines run`.',
  },
  'pipeline.not_found': {
    status: 404,
    title: 'No such pipeline',
    meaning: 'No pipeline of this name is stored in your organization.',
    remedy: 'List them with `orrery pipelines list`.',
  },
  'pipeline.version_not_found': {
    status: 404,
    title: 'No such version of the pipeline',
    meaning: 'The pipeline is there, but not with this number.',
    remedy: 'List its versions with `orrery pipelines versions <pipeline>`.',
  },
  'pipeline.invalid': {
    status: 422,
    title: 'The pipeline cannot run',
    meaning:
      'Something in it cannot be read, names what does not exist, or does not fit the schema of a tool or of its params. `errors` has each ' +
      'place: the id of the step, the path, and what is wrong there.',
    remedy: 'Correct the places named. `orrery pipelines check` says the same without saving anything.',
  },
  'run.not_found': {
    status: 404,
    title: 'No such run',
    meaning: 'No run of your organization has this id.',
    remedy: 'List runs with `orrery runs list`.',
  },
  'run.finished': {
    status: 409,
    title: 'The run has finished',
    meaning: 'A finished run never changes, so it takes no signals and cannot be cancelled, paused or resumed.',
    remedy: 'Read it with `orrery runs get`, or make a new run out of it with retry or fork.',
  },
  'run.not_finished': {
    status: 409,
    title: 'The run has not finished',
    meaning: 'Only a finished run can be retried or have a failed step edited.',
    remedy: 'Wait for its end or cancel it first. A blocked run is carried on with resume.',
  },
  'run.not_retryable': {
    status: 409,
    title: 'The run has no failed step to retry from',
    meaning: 'The run succeeded, or its history does not hold what was to be repeated.',
    remedy: 'Fork it from a step instead, or start a new run.',
  },
  'run.step_not_found': {
    status: 404,
    title: 'No such step in the run',
    meaning: 'The history of the run has no step, or no place, with the number given.',
    remedy: 'Read the history with `orrery runs history <run>`.',
  },
  'run.query_failed': {
    status: 422,
    title: 'The workflow could not answer the query',
    meaning: 'The workflow has no handler of this name, or the handler threw.',
    remedy: 'Compare the name with those the workflow registers. `detail` has the error.',
  },
  'connection.not_found': {
    status: 404,
    title: 'No such connection',
    meaning: 'No connection of your organization has this id or name.',
    remedy: 'List connections with `orrery connections list`.',
  },
  'connection.name_taken': {
    status: 409,
    title: 'The name of the connection is taken',
    meaning: 'Names of connections are unique in an organization.',
    remedy: 'Choose another name, or change the connection that has it.',
  },
  'connection.secrets_needed': {
    status: 422,
    title: 'The secrets must be given again',
    meaning:
      'The update changes where or how secrets are used (a host, an address, a name) and keeps some as they are. Whoever may change a ' +
      'connection could so have secrets sent to himself that he was never shown.',
    remedy: 'Send the secret fields with the change, or take away those that are optional with null.',
  },
  'connection.unreadable': {
    status: 409,
    title: 'The secrets of the connection cannot be read',
    meaning: 'They were sealed with a key that is not in this server’s file of secret keys, or were changed in the database.',
    remedy: 'Put the missing key back into the file (`ORRERY_SECRET_KEY_FILE`) and start again, or give all secrets anew with an update.',
  },
  'automation.not_found': {
    status: 404,
    title: 'No such automation',
    meaning: 'No automation of your organization has this id or name.',
    remedy: 'List automations with `orrery automations list`.',
  },
  'automation.name_taken': {
    status: 409,
    title: 'The name of the automation is taken',
    meaning: 'Names of automations are unique in an organization. One without a name gets one made of its title.',
    remedy: 'Choose another name, or replace the automation that has it with `orrery automations apply`.',
  },
  'automation.version_conflict': {
    status: 409,
    title: 'The automation has changed in the meantime',
    meaning: 'Its version is not the one named by `ifVersion`, so somebody has changed it since you read it.',
    remedy: 'Read it again, and send the change with the version it has now.',
  },
  'automation.trigger_not_found': {
    status: 404,
    title: 'The automation has no such trigger',
    meaning: 'No trigger has this key; or none was named, and there is not exactly one that could be meant.',
    remedy: 'Read the keys of its triggers with `orrery automations get`, and name one of them.',
  },
  'calendar.not_found': {
    status: 404,
    title: 'No such calendar',
    meaning: 'No calendar of your organization has this name, or it has no such version.',
    remedy: 'List calendars with `orrery calendars list`, versions with `orrery calendars versions <calendar>`.',
  },
  'calendar.invalid': {
    status: 422,
    title: 'The calendar cannot be used as it is written',
    meaning:
      'A layer is malformed, names a region or a calendar that does not exist, or calendars would lean on one another in a circle. `errors` names ' +
      'each place by its path.',
    remedy: 'Correct the places in `errors` and put it again. Nothing was kept.',
  },
  'calendar.in_use': {
    status: 409,
    title: 'The calendar is in use',
    meaning: 'A schedule or another calendar names it; `detail` says which.',
    remedy: 'Change or delete those first.',
  },
  'calendar.unusable': {
    status: 409,
    title: 'The calendar cannot be used yet',
    meaning: 'Something that it leans on is not there: a feed that was never fetched, for example. Schedules that name it wait.',
    remedy:
      'Look at its feeds with `orrery calendars get <calendar>`. A feed that fails says why; correct its address with `orrery calendars put`.',
  },
  'schedule.invalid': {
    status: 422,
    title: 'The schedule cannot be used as it is written',
    meaning:
      'A rule, a time or a calendar in it is malformed or does not exist. `errors` names each place by its path, and where in the text.',
    remedy: 'Correct the places in `errors`. `docs/guides/schedules-and-calendars.md` has the forms.',
  },
  'tool.not_found': {
    status: 404,
    title: 'No such tool',
    meaning: 'Neither your organization nor Orrery itself has a tool of this name.',
    remedy: 'List tools with `orrery tools list`.',
  },
  'tool.name_reserved': {
    status: 409,
    title: 'The name belongs to a built-in tool',
    meaning: 'Names of built-in tools mean the same in every organization. They can be neither changed nor deleted.',
    remedy: 'Choose another name. A tool of kind `builtin` gives a built-in one a name of yours, with arguments that are set.',
  },
  'tool.too_many': {
    status: 409,
    title: 'Too many tools',
    meaning: 'An organization has at most 5,000 tools.',
    remedy: 'Delete tools that nothing uses, or import fewer operations (`only`, `limit`).',
  },
  'tool.no_offer': {
    status: 409,
    title: 'There is no such definition to review',
    meaning: 'The definition of the tool has not changed, or it has changed once more since you looked at it.',
    remedy: 'Read the tool again (`orrery tools get`) and review what it says now.',
  },
  'tool.failed': {
    status: 422,
    title: 'The tool failed',
    meaning: 'The call was made and did not succeed, or could not be made. `detail` has the name of the error and what the tool said.',
    remedy: 'Look at the arguments and at what the tool talks to. `orrery tools calls` has the trace of the call.',
  },
  'tool.source_failed': {
    status: 422,
    title: 'What the tools are to be made of cannot be read',
    meaning:
      'The OpenAPI document or the MCP server did not answer, may not be reached from this installation, or said something that is no tool.',
    remedy:
      'See `detail`. Addresses in private networks are opened by the operator (`ORRERY_OUTSIDE_ALLOW`), programs by `ORRERY_MCP_STDIO`.',
  },
  'key.not_found': {
    status: 404,
    title: 'No such API key',
    meaning: 'No key of your organization has this id.',
    remedy: 'List keys with `orrery keys list`.',
  },
  'key.scope_too_wide': {
    status: 403,
    title: 'A key cannot give more than it has',
    meaning: 'The new key would carry a scope that the key making it does not have.',
    remedy: 'Ask for fewer scopes, or use a key that has them.',
  },
  'org.not_found': {
    status: 404,
    title: 'No such organization',
    meaning: 'No organization that you may see has this id.',
    remedy: 'List organizations with `orrery orgs list`.',
  },
  'org.name_taken': {
    status: 409,
    title: 'The name of the organization is taken',
    meaning: 'Names of organizations are unique in an installation.',
    remedy: 'Choose another name.',
  },
} as const satisfies Record<string, ProblemKind>

export type ProblemCode = keyof typeof PROBLEMS

/** Every operation can answer these, beside those it lists. */
export const COMMON_PROBLEMS = [
  'invalid_input',
  'rate_limited',
  'payload_too_large',
  'internal',
  'unavailable',
] as const satisfies readonly ProblemCode[]

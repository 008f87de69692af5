import { ACCESS_PROBLEMS } from './access-problems.ts'
import type { ProblemKind } from './problem-kind.ts'

/**
 * The closed list of problems that a caller can act on. `title` never varies; `meaning` and `remedy` become the page
 * docs/problems/<code>.md. A caller who may not know that something exists gets 404; 403 is only for those who may know.
 */
export const PROBLEMS = {
  unauthenticated: {
    status: 401,
    title: 'No valid API key, token or login',
    meaning: 'The request has none of them, or it is unknown, revoked or expired.',
    remedy: 'Send `Authorization: Bearer <key>`. Create a key with `orrery keys create`, or log in with `orrery login` or in the browser.',
  },
  forbidden: {
    status: 403,
    title: 'A permission is missing',
    meaning: 'The key, token or login is valid, but its scopes or role do not include what this operation needs; `permission` names it.',
    remedy: 'Use a key with that scope (the scopes of a key cannot be extended), or ask an admin for another role.',
  },
  invalid_input: {
    status: 400,
    title: 'The input is not valid',
    meaning: 'At least one field is missing, unknown or malformed. `errors` lists each field by its path, with the expected form.',
    remedy: 'Correct the fields listed in `errors` and send the request again.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    meaning:
      'This key sent more requests than its rate limit allows, or too many schemas, schedules, pipelines and documents of its organization ' +
      'wait to be computed, or too many made-up keys and addresses of webhooks came from this network. A webhook takes 20 deliveries a second.',
    remedy: 'Wait for `retryAfterMs` (also in the header `Retry-After`, in seconds), then send the request again.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong on our side',
    meaning: 'A bug or a lost connection. The cause is not shown here; the server’s log contains it under `requestId`.',
    remedy: 'Send the request again with the same idempotency key. If the problem persists, report the `requestId`.',
  },
  unavailable: {
    status: 503,
    title: 'The server cannot answer now',
    meaning: 'The server is starting or stopping, or it cannot reach its database.',
    remedy: 'Send the request again after a few seconds.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this address',
    meaning: 'No operation has this path, or the object does not exist in your organization.',
    remedy: 'Compare the path with `/docs`.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The address does not support this method',
    meaning: 'The path supports other methods; the header `Allow` lists them.',
    remedy: 'Compare the method with `/docs`.',
  },
  payload_too_large: {
    status: 413,
    title: 'The request is too large',
    meaning: 'The body is longer, or nested deeper, than the server accepts.',
    remedy: 'Send less data per request, or pass a reference to the data.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The body is not JSON',
    meaning: 'Request bodies must be `application/json` in UTF-8.',
    remedy: 'Send `Content-Type: application/json`.',
  },
  host_not_allowed: {
    status: 403,
    title: 'The server does not answer under this name',
    meaning:
      'The header `Host` or `Origin` names a host that this server is not configured for. A web page could use such ' +
      'a request to reach a private server.',
    remedy:
      'Set `ORRERY_PUBLIC_URL`, or add the name to `ORRERY_ALLOWED_HOSTS` (for `Origin`: `ORRERY_CORS_ORIGINS`), and restart the server.',
  },
  'idempotency.key_reused': {
    status: 422,
    title: 'The idempotency key was used with other input',
    meaning: 'An earlier request with this key had different input or called another operation. Keys are kept for 24 hours.',
    remedy: 'Use a new key for a new request. Repeat a key only with exactly the same request.',
  },
  'idempotency.in_progress': {
    status: 409,
    title: 'A request with this idempotency key is still running',
    meaning: 'Two requests with the same key arrived at the same time; the first one has not finished.',
    remedy: 'Wait for `retryAfterMs` and send the request again: it returns the answer of the first one.',
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
    meaning: 'No deployed bundle has this hash, or it does not contain this workflow.',
    remedy: 'List them with `orrery workflows versions <workflow>`.',
  },
  'workflow.bundle_invalid': {
    status: 422,
    title: 'The bundle cannot be used',
    meaning: 'The hash does not match the code, the code does not load, or its own description differs from the manifest.',
    remedy: 'Build it again with this version of Orrery and deploy the result unchanged.',
  },
  'workflow.name_reserved': {
    status: 422,
    title: 'The name belongs to Orrery',
    meaning: 'Workflows whose names begin with `orrery.` are part of the server and cannot be deployed or started by others.',
    remedy: 'Choose another name for the workflow. To start a pipeline, use `orrery pipelines run`.',
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
    meaning: 'The pipeline exists, but has no version with this number.',
    remedy: 'List its versions with `orrery pipelines versions <pipeline>`.',
  },
  'pipeline.invalid': {
    status: 422,
    title: 'The pipeline cannot run',
    meaning:
      'A part of it cannot be parsed, names something that does not exist, or does not match the schema of a tool or of its params. `errors` ' +
      'lists each mistake with the id of the step, the path, and a message.',
    remedy: 'Correct the mistakes listed in `errors`. `orrery pipelines check` lists them without saving anything.',
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
    meaning: 'A finished run never changes, so it cannot receive signals, and cannot be cancelled, paused or resumed.',
    remedy: 'Read it with `orrery runs get`, or create a new run from it with retry or fork.',
  },
  'run.not_finished': {
    status: 409,
    title: 'The run has not finished',
    meaning: 'Only a finished run can be retried or have a failed step edited.',
    remedy: 'Wait until it finishes, or cancel it first. To continue a blocked run, use resume.',
  },
  'run.not_retryable': {
    status: 409,
    title: 'The run has no failed step to retry from',
    meaning: 'The run succeeded, or its history does not contain the step to repeat.',
    remedy: 'Fork it from a step instead, or start a new run.',
  },
  'run.step_not_found': {
    status: 404,
    title: 'No such step in the run',
    meaning: 'The history of the run has no step, or no position, with the given number.',
    remedy: 'Read the history with `orrery runs history <run>`.',
  },
  'run.query_failed': {
    status: 422,
    title: 'The workflow could not answer the query',
    meaning: 'The workflow has no handler of this name, or the handler threw.',
    remedy: 'Compare the name with the handlers that the workflow registers. `detail` contains the error.',
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
    remedy: 'Choose another name, or change the connection with that name.',
  },
  'connection.secrets_needed': {
    status: 422,
    title: 'The secrets must be given again',
    meaning:
      'The update changes where or how secrets are used (a host, an address, a name) and keeps some of them. A user who may change a ' +
      'connection could otherwise redirect secrets that were never shown to that user.',
    remedy: 'Send the secret fields with the change, or remove optional ones by setting them to null.',
  },
  'connection.unreadable': {
    status: 409,
    title: 'The secrets of the connection cannot be read',
    meaning: 'They were encrypted with a key that is not in this server’s file of secret keys, or they were changed in the database.',
    remedy:
      'Put the missing key back into the file (`ORRERY_SECRET_KEY_FILE`) and restart the server, or set all secrets again with an update.',
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
    meaning: 'Names of automations are unique in an organization. An automation without a name gets one derived from its title.',
    remedy: 'Choose another name, or replace the automation with that name using `orrery automations apply`.',
  },
  'automation.version_conflict': {
    status: 409,
    title: 'The automation has changed in the meantime',
    meaning: 'Its version differs from `ifVersion`: it was changed after you read it.',
    remedy: 'Read it again, and send the change with its current version.',
  },
  'automation.trigger_not_found': {
    status: 404,
    title: 'The automation has no such trigger',
    meaning: 'No trigger has this key, or no key was given and the automation does not have exactly one suitable trigger.',
    remedy: 'Read the keys of its triggers with `orrery automations get`, and pass one of them as `trigger`.',
  },
  'calendar.not_found': {
    status: 404,
    title: 'No such calendar',
    meaning: 'No calendar of your organization has this name, or the calendar has no such version.',
    remedy: 'List calendars with `orrery calendars list`, versions with `orrery calendars versions <calendar>`.',
  },
  'calendar.invalid': {
    status: 422,
    title: 'The calendar cannot be used as written',
    meaning:
      'A layer is malformed, names a region or a calendar that does not exist, or makes calendars refer to each other in a circle. `errors` lists ' +
      'each mistake by its path.',
    remedy: 'Correct the mistakes in `errors` and send the calendar again. Nothing was saved.',
  },
  'calendar.in_use': {
    status: 409,
    title: 'The calendar is in use',
    meaning: 'A schedule or another calendar refers to it; `detail` names them.',
    remedy: 'Change or delete those first.',
  },
  'calendar.unusable': {
    status: 409,
    title: 'The calendar cannot be used yet',
    meaning: 'Something it depends on is missing, for example a feed that was never fetched. Schedules that use this calendar wait.',
    remedy:
      'Check its feeds with `orrery calendars get <calendar>`: a failing feed shows the reason. Correct its address with `orrery calendars put`.',
  },
  'schedule.invalid': {
    status: 422,
    title: 'The schedule cannot be used as written',
    meaning:
      'A rule, a time or a calendar in it is malformed or does not exist. `errors` lists each mistake by its path and its position in the text.',
    remedy: 'Correct the mistakes in `errors`. `docs/guides/schedules-and-calendars.md` describes the formats.',
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
    meaning: 'Built-in tools have the same names in every organization. They cannot be changed or deleted.',
    remedy: 'Choose another name. To use a built-in tool under your own name and with fixed arguments, create a tool of kind `builtin`.',
  },
  'tool.too_many': {
    status: 409,
    title: 'Too many tools',
    meaning: 'An organization can have at most 5,000 tools.',
    remedy: 'Delete unused tools, or import fewer operations (`only`, `limit`).',
  },
  'tool.no_offer': {
    status: 409,
    title: 'There is no such definition to review',
    meaning: 'The definition of the tool has not changed, or it has changed again since you read it.',
    remedy: 'Read the tool again (`orrery tools get`) and review its current definition.',
  },
  'tool.failed': {
    status: 422,
    title: 'The tool failed',
    meaning: 'The call failed or could not be made. `detail` contains the name of the error and the message of the tool.',
    remedy: 'Check the arguments and the system behind the tool. `orrery tools calls` shows the trace of the call.',
  },
  'tool.source_failed': {
    status: 422,
    title: 'The tool source could not be read',
    meaning:
      'The OpenAPI document or the MCP server did not answer, is not allowed from this installation, or returned an invalid tool definition.',
    remedy:
      'See `detail`. The operator allows addresses in private networks with `ORRERY_OUTSIDE_ALLOW`, and programs with `ORRERY_MCP_STDIO`.',
  },
  ...ACCESS_PROBLEMS,
} as const satisfies Record<string, ProblemKind>

export type ProblemCode = keyof typeof PROBLEMS

/** Every operation can answer these, in addition to those it lists. */
export const COMMON_PROBLEMS = [
  'invalid_input',
  'rate_limited',
  'payload_too_large',
  'internal',
  'unavailable',
] as const satisfies readonly ProblemCode[]

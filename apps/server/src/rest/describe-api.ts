import { COMMON_PROBLEMS, isScope, type Operation, PERMISSIONS, PROBLEMS, type ProblemCode, problemType } from '@orrery/contract'
import { EVENT_STREAM_PATHS } from '../events/describe-stream.ts'
import { API_PREFIX } from '../http/paths.ts'
import { type ComponentSchemas, createComponentSchemas } from './component-schemas.ts'
import { makeExample } from './make-example.ts'
import { pathParameters } from './read-input.ts'

type Node = Readonly<Record<string, unknown>>

/** Creates the OpenAPI 3.1 document of the registry. */
export function describeApi(operations: readonly Operation[], options: { readonly version: string; readonly url: string }): Node {
  const shapes = createComponentSchemas()
  const paths: Record<string, Record<string, Node>> = {}
  for (const operation of operations) {
    const path = (paths[operation.http.path] ??= {})
    path[operation.http.method.toLowerCase()] = describeOperation(operation, shapes)
  }
  const problemSchema = { $ref: shapes.problem() }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Orrery',
      version: options.version,
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'The control plane for the work of AI agents. Send an API key as a bearer token; the first start of a server prints one. ' +
        'Failures are problems (RFC 9457), and [each has a page](/docs/problems).',
    },
    servers: [{ url: `${options.url}${API_PREFIX}` }],
    security: [{ key: [] }],
    tags: [...new Set(operations.map(noun))].map((name) => ({ name })),
    paths: { ...paths, ...EVENT_STREAM_PATHS },
    components: {
      schemas: shapes.schemas(),
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: `An API key. Its scopes: ${PERMISSIONS.map((name) => `\`${name}\``).join(', ')}.`,
        },
      },
      responses: {
        Problem: { description: 'A problem.', content: { 'application/problem+json': { schema: problemSchema } } },
      },
      parameters: { IdempotencyKey: IDEMPOTENCY_KEY },
      examples: Object.fromEntries((Object.keys(PROBLEMS) as ProblemCode[]).map((code) => [code, exampleOf(code)])),
    },
  }
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A request repeated with the same key and the same input gets the same answer and takes effect only once. Keys are kept for 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]*$' },
}

function describeOperation(operation: Operation, shapes: ComponentSchemas): Node {
  const { method, path, status } = operation.http
  const inPath = pathParameters(path)
  const inQuery = method === 'GET' || method === 'DELETE'
  const input = shapes.input(operation)
  const rest = Object.fromEntries(Object.entries(input.properties).filter(([name]) => !inPath.includes(name)))
  const required = input.required.filter((name) => !inPath.includes(name))
  const parameters = [
    ...inPath.map((name) => ({
      ...parameter('path', name, input.properties[name] ?? {}, true),
      ...makeExample({ example: input.properties[name] ?? {} }, ['example'], shapes.schemas()),
    })),
    ...(inQuery ? Object.entries(rest).map(([name, schema]) => parameter('query', name, schema, required.includes(name))) : []),
    ...(operation.effect === 'write' ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
  ]
  const chosen = (operation.choices ?? []).flatMap(({ of, given }) => (given === 'at most one' ? [] : of.slice(0, 1)))
  const example = makeExample(rest, [...required, ...chosen], shapes.schemas())
  const body = {
    type: 'object',
    properties: rest,
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
    ...describeChoices(operation),
  }
  return {
    operationId: operation.name,
    tags: [noun(operation)],
    summary: operation.summary,
    ...describeMore(operation),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(inQuery || Object.keys(rest).length === 0
      ? {}
      : {
          requestBody: {
            required: required.length > 0 || chosen.length > 0,
            content: { 'application/json': { schema: body, example } },
          },
        }),
    ...(operation.permission === 'public'
      ? { security: [] }
      : isScope(operation.permission)
        ? { 'x-permission': operation.permission }
        : {}),
    ...(operation.proof === undefined ? {} : { 'x-proof': operation.proof }),
    responses: {
      [status ?? 200]: { description: 'Done.', content: { 'application/json': { schema: shapes.output(operation) } } },
      ...describeProblems(operation),
    },
  }
}

const PROOF = 'People must have logged in, or confirmed it with a passkey, in the last ten minutes.'

function describeMore({ description, proof }: Operation): Node {
  const sentences = [...(description === undefined ? [] : [description]), ...(proof === undefined ? [] : [PROOF])]
  return sentences.length === 0 ? {} : { description: sentences.join(' ') }
}

/** A field that is null is given, too. */
function describeChoices({ choices = [] }: Operation): Node {
  const rules = choices.map(({ of, given }) => {
    const each = of.map((name) => ({ required: [name] }))
    return given === 'one' ? { oneOf: each } : given === 'at least one' ? { anyOf: each } : { not: { required: of } }
  })
  return rules.length === 0 ? {} : { allOf: rules }
}

function parameter(place: 'path' | 'query', name: string, schema: Node, required: boolean): Node {
  const { description, ...bare } = schema
  return {
    name,
    in: place,
    required: required || place === 'path',
    ...(typeof description === 'string' ? { description } : {}),
    schema: bare,
  }
}

/** One response for each status, with an example for each problem with that status. */
function describeProblems(operation: Operation): Node {
  const closed: ProblemCode[] =
    operation.permission === 'public'
      ? []
      : [
          'unauthenticated',
          ...(isScope(operation.permission) ? (['forbidden'] as const) : []),
          // Rules of an organization for its members.
          'passkey_required',
          'mail_domain_refused',
          ...(operation.proof === undefined ? [] : (['proof_required'] as const)),
        ]
  const repeated: ProblemCode[] = operation.effect === 'write' ? ['idempotency.key_reused', 'idempotency.in_progress'] : []
  const codes = new Set<ProblemCode>([...closed, ...COMMON_PROBLEMS, ...repeated, ...operation.problems])
  const statuses = Map.groupBy(codes, (code) => PROBLEMS[code].status)
  return Object.fromEntries(
    [...statuses].map(([status, same]) => [
      status,
      {
        description: same.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(same.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
          },
        },
      },
    ]),
  )
}

function exampleOf(code: ProblemCode): Node {
  const { status, title, meaning } = PROBLEMS[code]
  return { summary: title, value: { type: problemType(code), title, status, detail: meaning, code } }
}

function noun(operation: Operation): string {
  return operation.name.slice(0, operation.name.indexOf('.'))
}

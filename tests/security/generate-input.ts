/** Generates inputs that match the JSON Schema of an operation, so a new operation in the registry is fuzzed without another edit. */
import { createHash } from 'node:crypto'
import type { Operation } from '@orrery/contract'
import fc from 'fast-check'
import { fieldSchemas, type JsonSchema } from '../../apps/server/src/rest/from-text.ts'
import type { Org } from './installation.ts'

/** Existing values by field name or id prefix, so that operations find something to work on. */
type Known = Readonly<Record<string, readonly string[]>>

export interface World {
  readonly known: Known
  /** A bundle that can be deployed. Its three fields must match each other. */
  readonly bundle: Org['bundle']
}

/** @param more runs in addition to those of every installation. */
export function worldOf(org: Org, more: readonly string[] = []): World {
  const known = {
    run: [...Object.values(org.runs), ...more],
    // All calls use the first key, so it must not be revoked.
    key: org.keyIds.slice(1),
    con: [...org.connectionIds],
    org: [org.id],
    sha256: [org.version],
    workflow: ['greeting', 'talk', 'fragile', 'single', org.workflow],
    queue: ['default', org.queue],
    limit: [org.limit],
    calendar: [org.calendar, org.office],
    pipeline: [org.pipeline],
    tool: [org.tool, 'time.now'],
    automation: [org.automation, org.automationId],
    topic: ['shop.opened', 'run.failed'],
    builtIn: ['time.now'],
    connection: [...org.connectionIds],
    prefix: ['shop'],
    path: ['/a', '/a/{id}'],
    ...TIMES_AND_PLACES,
    name: ['answer', 'go', 'stage'],
    tag: [org.canary],
    type: ['run.started', 'run.succeeded'],
    action: ['run.started'],
    subject: Object.values(org.runs).slice(0, 2),
    cursor: ['WyJhIl0', 'WyIwMWExZmUxYi0xZTE5LTcyNWItYWVkMy0zYWVkOTU5NzYxNjEiXQ', '0-0', '1-1'],
  }
  return { known, bundle: org.bundle }
}

/** Values for calendars and schedules by field. Random text would almost never be well-formed. */
const TIMES_AND_PLACES = {
  ...Object.fromEntries(['zone', 'timezone', 'viewerZone'].map((field) => [field, ['UTC', 'America/New_York', 'Pacific/Apia']])),
  ...Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun', 'open'].map((field) => [field, ['09:00-12:00', '13:00-24:00']])),
  ...Object.fromEntries(
    ['from', 'to', 'date', 'start', 'end', 'anchor'].map((field) => [field, ['2026-02-28', '2026-03-01', '2028-02-29']]),
  ),
  region: ['US', 'DE-BY', 'XX'],
  rrule: ['FREQ=DAILY', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', 'FREQ=SECONDLY;BYSETPOS=-1;BYSECOND=1,2', 'RRULE:FREQ=WEEKLY;COUNT=3'],
  cron: ['0 9 * * *', '* * * * * *', '0 0 30 2 *', '0 0 LW * 5#5'],
  schedule: ['FREQ=DAILY;BYHOUR=7', '*/5 * * * *', 'every 1s', '2026-02-29', 'FREQ=HOURLY;INTERVAL=1000000'],
}

/** URLs that the guard refuses, so that no request leaves the machine. */
const CLOSED = ['http://127.0.0.1:9/openapi.json', 'http://[::1]:9/a', 'http://10.0.0.1/']

/** Fields that only get these values: with random values, the server would send requests to unknown hosts. */
const ONLY_KNOWN: Readonly<Record<string, readonly string[]>> = {
  feed: ['http://127.0.0.1:9/a.ics', 'http://[::1]:9/a.ics', 'http://10.0.0.1/'],
  url: CLOSED,
  baseUrl: CLOSED,
  // Do not start programs with generated names.
  command: ['/no/such/program'],
}

export function inputsOf(operation: Operation, world: World): fc.Arbitrary<Record<string, unknown>> {
  const properties = fieldSchemas(operation)
  const required = Object.keys(properties).filter((name) => !operation.input.shape[name]?.safeParse(undefined).success)
  const inputs = objectOf({ type: 'object', properties, required }, world.known) as fc.Arbitrary<Record<string, unknown>>
  const hurried = inputs.map((input) => hurry(operation, input))
  const isBundle = ['hash', 'code', 'manifest'].every((name) => name in properties)
  if (!isBundle) return hurried
  const good = hurried.map((input) => ({ ...input, ...world.bundle }))
  const hostile = fc
    .tuple(hurried, fc.constantFrom(...HOSTILE_CODE))
    .map(([input, code]) => ({ ...input, ...world.bundle, code, hash: createHash('sha256').update(code).digest('hex') }))
  return fc.oneof({ weight: 8, arbitrary: hurried }, { weight: 2, arbitrary: good }, { weight: 1, arbitrary: hostile })
}

/** Code that does harm while it is loaded, or when its thrown value is inspected. */
const HOSTILE_CODE: readonly string[] = [
  'for (;;) {}',
  'process.exit(1)',
  'throw null',
  'throw Object.create(null)',
  'throw { toString() { for (;;) {} } }',
  'throw { get message() { throw 1 }, toString: () => { throw 2 } }',
  'throw new Proxy({}, { get() { throw 3 }, getPrototypeOf() { throw 4 } })',
  'throw Object.assign(new Error("x"), { stack: { toString() { throw 5 } } })',
  'class E extends Error { get name() { throw 6 } } throw new E("y")',
  '(function again() { again() })()',
  'globalThis.__orrery = { describe: () => "{" }',
  'globalThis.__orrery = new Proxy({}, { get: () => () => "null" })',
  'this.constructor.constructor("return process")().exit(1)',
  'Object.prototype.polluted = true; JSON.stringify = () => "{}"; Promise.prototype.then = null',
  'throw Symbol("z")',
]

/** A duration in a read is the time it waits. Use a short one, also in place of the default. */
export function hurry<T extends object>(operation: Operation, input: T): T {
  if (operation.effect === 'write') return input
  const waits = Object.entries(fieldSchemas(operation)).filter(([, schema]) => isDuration(schema))
  const short = waits.filter(([name]) => {
    const value = (input as Record<string, unknown>)[name]
    return value === undefined || DURATIONS.includes(value as string)
  })
  return { ...input, ...Object.fromEntries(short.map(([name]) => [name, '5ms'])) }
}

type Values = fc.Arbitrary<unknown>

function valuesOf(schema: JsonSchema, field: string, known: Known): Values {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.const !== undefined) return fc.constant(schema.const)
  const among = schema.anyOf ?? schema.oneOf
  if (among !== undefined) return fc.oneof(...among.map((one) => valuesOf(one, field, known)))
  if (Array.isArray(schema.type)) return fc.oneof(...schema.type.map((type: string) => valuesOf({ ...schema, type }, field, known)))
  switch (schema.type) {
    case undefined:
      return anyJson
    case 'string':
      return stringsOf(schema, field, known)
    case 'integer':
    case 'number':
      return numbersOf(schema)
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return arraysOf(schema, field, known)
    case 'object':
      return objectOf(schema, known)
    default:
      throw new Error(`The generator does not know the type ${String(schema.type)} of ${field}`)
  }
}

function objectOf(schema: JsonSchema, known: Known): Values {
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>
  const required = (schema.required ?? []) as string[]
  const more = schema.additionalProperties as JsonSchema | boolean | undefined
  const fields = Object.entries(properties).map(([name, property]) => {
    const values = valuesOf(property, name, known).map((value) => [[name, value] as const])
    // Leave out an optional field in two of three inputs, so that the checks of the others are reached.
    return required.includes(name) ? values : fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: values })
  })
  const extra =
    typeof more === 'object' && Object.keys(properties).length === 0
      ? fc.dictionary(fc.string(), valuesOf(more, '', known))
      : fc.constant({})
  return fc.tuple(extra, ...fields).map(([record, ...given]) => ({ ...(record as object), ...Object.fromEntries(given.flat()) }))
}

function arraysOf(schema: JsonSchema, field: string, known: Known): Values {
  const least = Number(schema.minItems ?? 0)
  const most = Number(schema.maxItems ?? 3)
  const items = valuesOf(schema.items ?? {}, field.replace(/s$/, ''), known)
  const few = fc.array(items, { minLength: least, maxLength: Math.max(least, Math.min(most, 3)) })
  return most > 100
    ? few
    : fc.oneof({ weight: 9, arbitrary: few }, { weight: 1, arbitrary: fc.array(items, { minLength: most, maxLength: most }) })
}

function numbersOf(schema: JsonSchema): Values {
  const least = Number(
    schema.minimum ?? (schema.exclusiveMinimum === undefined ? Number.MIN_SAFE_INTEGER : Number(schema.exclusiveMinimum) + 1),
  )
  const most = Number(schema.maximum ?? Number.MAX_SAFE_INTEGER)
  const within = [0, 1, 2, least, most].filter((value) => value >= least && value <= most)
  return fc.oneof(fc.constantFrom(...within), fc.integer({ min: Math.max(least, -(2 ** 31)), max: Math.min(most, 2 ** 31 - 1) }))
}

const DURATIONS = ['0s', '1ms', '5ms', '250ms', '1s', '1.5s', '1h30m', 'PT30M', 'P3D', '2w', '3000w', '999999999w', '999999999.999ms']

const TIMES = [
  '2026-11-05T09:30:00Z',
  '2026-11-05T09:30:00.123456789+05:30',
  '1970-01-01T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+23:59',
  '9999-12-31T23:59:59.999-23:59',
  '2024-02-29T00:00:00Z',
]

const isDuration = (schema: JsonSchema) => String(schema.pattern ?? '').includes('P(?=')

const NO_NUL = '^[^\\u0000]*$'

function stringsOf(schema: JsonSchema, field: string, known: Known): Values {
  const pattern = schema.pattern as string | undefined
  if (isDuration(schema)) return fc.constantFrom(...DURATIONS)
  if (schema.format === 'date-time') return fc.oneof(fc.constantFrom(...TIMES), nearTimes)
  const name = pattern === undefined ? field : (/^\^(\w+)_\[/.exec(pattern)?.[1] ?? (pattern === '^[0-9a-f]{64}$' ? 'sha256' : field))
  const matching = new RegExp(pattern ?? '')
  const size = { minLength: Number(schema.minLength ?? 0), maxLength: Number(schema.maxLength ?? 200) }
  const fits = (text: string) => matching.test(text) && text.length >= size.minLength && text.length <= size.maxLength
  const free =
    pattern === undefined || pattern === NO_NUL ? textsOf(size).filter(fits) : fc.stringMatching(matching, { size: 'small' }).filter(fits)
  const only = ONLY_KNOWN[name]
  if (only !== undefined) return fc.constantFrom(...only)
  const there = (known[name] ?? []).filter(fits)
  return there.length === 0 ? free : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...there) }, { weight: 1, arbitrary: free })
}

const nearTimes = fc
  .date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString())

/** Valid but unusual texts. A lone surrogate is not valid UTF-8, but JSON has an escape for it. */
export const AWKWARD_TEXTS = [
  ' ',
  '.',
  '..',
  '/',
  '../../etc/passwd',
  '%00',
  '%2e%2e%2f',
  "' or '1'='1",
  '";--',
  '$1',
  '\\u0000',
  '\u0001\u001f\u007f',
  '\u202egnp.exe',
  'ﬀ İ ß',
  '👩‍👩‍👧',
  '\ud800',
  'a\udfff',
  '\ufeff\uffff',
  '{"a":1}',
  '[',
  'null',
  '1e999',
  '__proto__',
  'constructor',
  '\x24{7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  'a#0',
  '?a=b&c',
]

function textsOf({ minLength, maxLength }: { readonly minLength: number; readonly maxLength: number }): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.string({ minLength, maxLength: Math.min(maxLength, 30) }) },
    { weight: 2, arbitrary: fc.string({ minLength, maxLength: Math.min(maxLength, 30), unit: 'binary' }) },
    { weight: 3, arbitrary: fc.constantFrom(...AWKWARD_TEXTS) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'a'.repeat(maxLength),
        'é'.repeat(maxLength),
        '\u{1f600}'.repeat(Math.floor(maxLength / 2)),
        'a'.repeat(minLength),
      ),
    },
  )
}

/** Objects and arrays in turn, nested to this depth. */
export function nest(depth: number): unknown {
  let value: unknown = 1
  for (let at = 0; at < depth; at++) value = at % 2 === 0 ? [value] : { a: value }
  return value
}

const AWKWARD_JSON: readonly unknown[] = [
  null,
  '\u0000',
  { '\u0000': 1 },
  '\ud800',
  { '\ud800': '\udfff' },
  { word: 'x', size: 70_000 },
  'x'.repeat(70_000),
  '\u0000'.repeat(20_000),
  nest(50),
  JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":1}}'),
  [1e308, -0, 5e-324, 2 ** 53 + 1, 123456789012345680000],
  { $blob: 'a'.repeat(64) },
  { lane: 'x'.repeat(1000) },
  { lane: '\ud800' },
  { lane: '\u0000' },
  { lane: { a: 1 } },
  // Longer than an index entry may be, and not compressible.
  { lane: Array.from({ length: 400 }, (_, at) => createHash('sha256').update(String(at)).digest('base64')).join('') },
]

const anyJson: Values = fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...AWKWARD_JSON) }, { weight: 1, arbitrary: fc.jsonValue() })

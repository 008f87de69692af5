/** Generates inputs that are almost valid: a valid input with one or two changes. */
import type { Operation } from '@orrery/contract'
import fc from 'fast-check'
import { AWKWARD_TEXTS, hurry, inputsOf, nest, type World } from './generate-input.ts'

export function nearInputsOf(operation: Operation, world: World): fc.Arbitrary<unknown> {
  const changed = fc
    .tuple(inputsOf(operation, world), fc.array(fc.tuple(fc.nat(PLACES_MAX), changes), { minLength: 1, maxLength: 2 }))
    .map(([input, wanted]) => wanted.reduce<unknown>((value, [at, change]) => changeAt(value, at, change), input))
    .map((input) => (isPlainObject(input) ? hurry(operation, input) : input))
  return fc.oneof({ weight: 12, arbitrary: changed }, { weight: 1, arbitrary: fc.constantFrom<unknown>(...NO_OBJECTS) })
}

/** Values in place of an input object. */
const NO_OBJECTS: readonly unknown[] = [null, [], [{}], 'text', '', 0, true, {}]

type Change =
  | { readonly do: 'replace'; readonly value: unknown }
  | { readonly do: 'remove' | 'wrap' | 'enlarge' }
  | { readonly do: 'add'; readonly name: string; readonly value: unknown }

/** Limits for the places in a value that can be changed, and for their depth. */
const PLACES_MAX = 60
const DEPTH_MAX = 6

const TEXTS = [
  ...AWKWARD_TEXTS,
  '',
  '\u0000',
  'a\u0000b',
  'x'.repeat(100_000),
  'run_',
  'run_01jb2m4k6q8r0s2t4v6w8x0y2z ',
  'run_01jb2m4k6q8r0s2t4v6w8x0y2z\n',
  'RUN_01JB2M4K6Q8R0S2T4V6W8X0Y2Z',
  'run_zzzzzzzzzzzzzzzzzzzzzzzzzz',
  'key_01jb2m4k6q8r0s2t4v6w8x0y2z',
  '018f4e1c-0000-7000-8000-000000000000',
  '00000000-0000-0000-0000-000000000000',
  "'; drop table engine.run; --",
  "1' or 1=1 /*",
  '\\x00',
  '%',
  '_',
  '{{constructor.constructor("return 1")()}}',
  '10',
  'P',
  'PT',
  '-1h',
  '1h 30m',
  '99999999999-1',
  '18446744073709551615-9223372036854775807',
  '18446744073709551616-1',
  '2026-13-45T99:99:99Z',
  '2026-02-30T00:00:00Z',
  '+275760-09-13T00:00:00.000Z',
  'WyJcdTAwMDAiXQ',
  'WzFd',
  'W10',
  'bnVsbA',
  '=',
]

const NUMBERS = [0, -0, -1, 1.5, 201, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1e21, 1e308, 5e-324]

/** Some objects are parsed from JSON, so that `__proto__` is an ordinary field of them. */
const OTHERS: readonly unknown[] = [
  null,
  true,
  [],
  {},
  [null],
  [[]],
  nest(90),
  nest(101),
  nest(1500),
  JSON.parse('{"__proto__":{"isAdmin":true}}'),
  JSON.parse('{"toString":1,"valueOf":2,"toJSON":3,"then":4,"length":-1}'),
  Array.from({ length: 1001 }, () => ({})),
]

const anything: fc.Arbitrary<unknown> = fc.oneof(fc.constantFrom(...TEXTS), fc.constantFrom(...NUMBERS), fc.constantFrom(...OTHERS))

const NAMES = ['extra', '', '__proto__', 'constructor', 'toString', 'org_id', 'orgId', 'a.b', 'a[0]', '\u0000', '\ud800', 'x'.repeat(5000)]

const changes: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: anything.map((value): Change => ({ do: 'replace', value })) },
  { weight: 2, arbitrary: fc.constantFrom<Change>({ do: 'remove' }, { do: 'wrap' }, { do: 'enlarge' }) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...NAMES), anything).map(([name, value]): Change => ({ do: 'add', name, value })) },
)

type Path = readonly string[]

function changeAt(value: unknown, at: number, change: Change): unknown {
  const places = placesIn(value, [])
  return changePlace(value, places[at % places.length] ?? [], change)
}

/** Paths of all places within a value. The whole value is only included if it is empty, because it is replaced elsewhere. */
function placesIn(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null || path.length >= DEPTH_MAX) return [path]
  const inside = Object.entries(value)
    .slice(0, PLACES_MAX)
    .flatMap(([name, one]) => placesIn(one, [...path, name]))
  return (path.length === 0 ? inside : [path, ...inside]).slice(0, PLACES_MAX)
}

function changePlace(value: unknown, [name, ...rest]: Path, change: Change): unknown {
  if (name === undefined) return changeValue(value, change)
  const isLast = rest.length === 0
  if (Array.isArray(value)) {
    return value.flatMap((one, at) =>
      String(at) !== name ? [one] : isLast && change.do === 'remove' ? [] : [changePlace(one, rest, change)],
    )
  }
  const entries = Object.entries(value as object).flatMap(([key, one]): [string, unknown][] => {
    if (key !== name) return [[key, one]]
    return isLast && change.do === 'remove' ? [] : [[key, changePlace(one, rest, change)]]
  })
  // Add the field beside the last one, not inside it.
  const added: [string, unknown][] = isLast && change.do === 'add' ? [[change.name, change.value]] : []
  return Object.fromEntries([...entries, ...added])
}

function changeValue(value: unknown, change: Change): unknown {
  switch (change.do) {
    case 'replace':
      return change.value
    case 'wrap':
      return [value]
    case 'enlarge':
      return enlarge(value)
    case 'add':
      return isPlainObject(value) ? Object.fromEntries([...Object.entries(value), [change.name, change.value]]) : value
    case 'remove':
      return value
  }
}

function enlarge(value: unknown): unknown {
  if (typeof value === 'string') return value.repeat(Math.ceil(2000 / Math.max(1, value.length)))
  if (typeof value === 'number') return value * -1e9
  if (Array.isArray(value)) return Array.from({ length: 1001 }, (_, at) => value[at % Math.max(1, value.length)] ?? null)
  return value
}

const isPlainObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Any text either renders to JSON or throws an ExpressionError, quickly and with a bounded size. `ORRERY_FUZZ_COUNT=1000000` for a long
 * run.
 */
import type { Json, JsonObject } from '@orrery/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evaluate } from './expression/evaluate-expression.ts'
import { ExpressionError } from './expression/expression-error.ts'
import { FUNCTION_NAMES } from './expression/functions/function-table.ts'
import { createMeter, LIMITS } from './expression/meter.ts'
import { parseCondition } from './template/parse-template.ts'
import { RenderError, renderValue } from './template/render-value.ts'
import { createScope } from './template/scope.ts'

const COUNT = Number(process.env.ORRERY_FUZZ_COUNT ?? 20_000)
const SEED = Number(process.env.ORRERY_FUZZ_SEED ?? 20_261_121)
/** Generous, to detect hangs on a busy machine; on an idle machine `ORRERY_FUZZ_MS=10` passes. */
const MS_MAX = Number(process.env.ORRERY_FUZZ_MS ?? 200)

const deep = (levels: number): Json => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`) as Json
const data: JsonObject = {
  a: { b: [1, 2, { c: 'x' }], 'd-e': null, t: '2026-11-05T09:30:00Z' },
  b: Array.from({ length: 10_000 }, (_, at) => ({ id: at, name: `n${at % 7}`, on: at % 2 === 0 })),
  c: 'lorem ipsum '.repeat(20_000),
  d: deep(10_000),
  e: Array.from({ length: 30_000 }, (_, at) => (at * 7919) % 1000),
  f: Array.from({ length: 2000 }, (_, at) => 'x'.repeat(500) + at),
}
const { root } = createScope({
  params: data,
  steps: data,
  nowMs: Date.UTC(2026, 10, 5),
  timezone: 'Europe/Berlin',
  names: { item: data, ...data },
})

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie('expression')
  const name = fc.constantFrom(
    'a',
    'b',
    'c',
    'd',
    'e',
    'f',
    'id',
    'name',
    'params',
    'steps',
    'now',
    'item',
    '@',
    '$',
    '__proto__',
    'constructor',
    'length',
  )
  const join = (...parts: (string | fc.Arbitrary<string>)[]) =>
    fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part))).map((texts) => texts.join(''))
  return {
    expression: fc.oneof(
      { maxDepth: 7 },
      name,
      fc.constantFrom("'x'", "''", '1', '0', '24h', '`{"a":[1]}`', 'true', 'null', '"d-e"', '-3'),
      join(inner, '.', name),
      join(inner, fc.constantFrom('[*]', '[]', '.*', '[0]', '[-1]', '[::2]', '[1:]', '[*][*]', '|[@,@]', '|[@,@]|[]', '?')),
      join(inner, '[?', inner, ']'),
      join(inner, fc.constantFrom(' | ', ' || ', ' && ', ' == ', ' < ', ' + ', ' - ', ' * ', ' / ', '.'), inner),
      join('!', inner),
      join('(', inner, ')'),
      join('[', inner, ', ', inner, ']'),
      join('{x: ', inner, ', "y": ', inner, '}'),
      join(fc.constantFrom(...FUNCTION_NAMES), '(', inner, ')'),
      join(fc.constantFrom(...FUNCTION_NAMES), '(', inner, ', ', inner, ')'),
      join(fc.constantFrom('sort_by', 'max_by', 'min_by'), '(', inner, ', &', inner, ')'),
      join('map(&', inner, ', ', inner, ')'),
      join('if(', inner, ', ', inner, ', ', inner, ')'),
      join('replace(', inner, ', ', inner, ', ', inner, ')'),
    ),
  }
})

const hole = expression.map((text) => `\${${text}}`)
const pieces = fc.constantFrom(
  '${',
  '}',
  '\\',
  '\\${',
  "'",
  '"',
  '`',
  '[',
  ']',
  '(',
  ')',
  '{',
  '?',
  '&',
  '|',
  '.',
  '*',
  '9',
  'a',
  ' ',
  '\u0000',
  '😀',
  '24h',
)
/** Most are well formed; about a third is broken in some way. */
const template = fc.oneof(
  { weight: 6, arbitrary: hole },
  { weight: 2, arbitrary: fc.array(fc.oneof(hole, fc.string({ maxLength: 8 })), { maxLength: 4 }).map((parts) => parts.join('')) },
  { weight: 2, arbitrary: fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `\${${text}}`) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(hole, fc.nat(), pieces)
      .map(([text, at, piece]) => text.slice(0, at % text.length) + piece + text.slice(at % text.length)),
  },
  { weight: 1, arbitrary: fc.tuple(pieces, fc.nat(4000)).map(([piece, count]) => `\${${piece.repeat(count)}}`) },
)

function attempt(text: string): Json | undefined | ExpressionError {
  try {
    return renderValue(text, { root, timezone: 'Europe/Berlin', meter: createMeter() })
  } catch (error) {
    if (error instanceof RenderError) return error.cause
    throw error
  }
}

/**
 * The machine may be busy, so a slow call is repeated. A call that stays slow is measured in processor time: over ten rounds, because that
 * clock ticks every few milliseconds.
 */
function measureMs(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3 && best > MS_MAX; round += 1) {
    const start = performance.now()
    run()
    best = Math.min(best, performance.now() - start)
  }
  if (best <= MS_MAX) return best
  const start = process.threadCpuUsage()
  for (let round = 0; round < 10; round += 1) run()
  const { user, system } = process.threadCpuUsage(start)
  return (user + system) / 10_000
}

interface Seen {
  values: number
  readonly faults: Map<string, number>
  /** The slowest few when first run, which includes the influence of other processes. */
  slow: { readonly ms: number; readonly text: string }[]
}

/** The time of the slowest when nothing interrupts it. */
function describeSlowest({ slow }: Seen): string {
  const again = slow.map(({ text }) => {
    const times = Array.from({ length: 20 }, () => {
      const start = performance.now()
      attempt(text)
      return performance.now() - start
    })
    return { ms: Math.min(...times), text }
  })
  const [slowest] = again.toSorted((a, b) => b.ms - a.ms)
  return slowest === undefined ? 'none' : `${slowest.ms.toFixed(1)} ms: ${slowest.text.slice(0, 200)}`
}

test(`${COUNT} templates`, () => {
  const seen: Seen = { values: 0, faults: new Map(), slow: [] }
  // fast-check's own loop keeps every value for its report; sampling in blocks does not.
  for (let block = 0; block * 10_000 < COUNT; block += 1) {
    for (const text of fc.sample(template, { numRuns: Math.min(10_000, COUNT - block * 10_000), seed: SEED + block })) judge(text, seen)
  }
  const faults = [...seen.faults].map(([fault, count]) => `${count} ${fault}`).join(', ')
  console.log(`template fuzz, seed ${SEED}: ${seen.values} values, ${faults}; slowest ${describeSlowest(seen)}`)
  expect(seen.values).toBeGreaterThan(COUNT / 20)
})

function judge(text: string, seen: Seen): void {
  let value: Json | undefined | ExpressionError
  const ms = measureMs(() => {
    value = attempt(text)
  })
  if (ms > (seen.slow.at(-1)?.ms ?? 0) || seen.slow.length < 20)
    seen.slow = [...seen.slow, { ms, text }].sort((a, b) => b.ms - a.ms).slice(0, 20)
  if (ms > MS_MAX) expect.fail(`${ms.toFixed(1)} ms: ${text}`)
  if (value instanceof ExpressionError) {
    seen.faults.set(value.fault, (seen.faults.get(value.fault) ?? 0) + 1)
    if (value.message.length > 1000) expect.fail(`a message of ${value.message.length} characters: ${text}`)
    return
  }
  seen.values += 1
  const json = JSON.stringify(value) ?? ''
  // Escapes make JSON text up to six times as long as the number of characters that the meter counted.
  if (json.length > LIMITS.outputLength * 6) expect.fail(`a result of ${json.length} characters: ${text}`)
}

test(`${Math.ceil(COUNT / 10)} conditions`, () => {
  for (const text of fc.sample(expression, { numRuns: Math.ceil(COUNT / 10), seed: SEED })) {
    try {
      evaluate(parseCondition(text).expression, root, { root, timezone: 'UTC', meter: createMeter() })
    } catch (error) {
      expect(error, text).toBeInstanceOf(ExpressionError)
    }
  }
})

test('a text of a megabyte is parsed quickly, whatever it contains', () => {
  for (const piece of ['${', '${a}', '\\', '\\${', 'x', "${'", '${a', '${[', '$', '9', '${9', '${"\\']) {
    const text = piece.repeat(Math.ceil(1_000_000 / piece.length))
    expect(
      measureMs(() => attempt(text)),
      piece,
    ).toBeLessThan(MS_MAX)
  }
})

/**
 * For any text, a parser returns an outcome quickly and never throws; the next occurrence of whatever it accepts can be computed.
 * `ORRERY_FUZZ_COUNT` texts per parser (20,000 by default), from `ORRERY_FUZZ_SEED` (printed).
 */
import { describe, expect, test } from 'vitest'
import {
  compileSchedule,
  describeSchedule,
  type Include,
  nextOccurrence,
  type Parsed,
  parseCron,
  parseDuration,
  parseICalendar,
  parseRrule,
} from './index.ts'

const count = Math.min(Number(process.env.ORRERY_FUZZ_COUNT ?? 20_000), 1_000_000)
const seed = Number(process.env.ORRERY_FUZZ_SEED ?? 20_261_121)
/**
 * Generous, to detect hangs on a busy machine. On an idle machine `ORRERY_FUZZ_MS=10` passes for parsing, and impossible rules take up to
 * twice that.
 */
const PARSE_MS_MAX = Number(process.env.ORRERY_FUZZ_MS ?? 200)
const NEXT_MS_MAX = PARSE_MS_MAX * 2
console.log(`fuzz: ${count} texts each, ORRERY_FUZZ_SEED=${seed}`)

type Random = (below: number) => number

/** Mulberry32: small, fast, and the same on every platform. */
function createRandom(start: number): Random {
  let state = start >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)] as T

/**
 * Half of the texts are plausible: parts of the language in order. A quarter are such texts with damage; the rest are random tokens or
 * characters.
 */
function makeText(random: Random, tokens: readonly string[], write: (random: Random) => string): string {
  const kind = random(8)
  if (kind < 4) return write(random)
  if (kind < 6) return damage(random, write(random))
  if (kind < 7) return Array.from({ length: random(20) }, () => pick(random, tokens)).join('')
  return Array.from({ length: random(60) }, () => String.fromCharCode(random(random(4) === 0 ? 0x10000 : 0x80))).join('')
}

function damage(random: Random, text: string): string {
  let damaged = text
  for (let times = 1 + random(3); times > 0; times--) {
    const at = random(damaged.length + 1)
    const cut = random(3) === 0 ? random(5) : random(2)
    const insert =
      random(3) === 0 ? damaged.slice(random(damaged.length + 1), random(damaged.length + 1)) : String.fromCharCode(32 + random(96))
    damaged = (damaged.slice(0, at) + insert + damaged.slice(at + cut)).slice(0, 5000)
  }
  return damaged
}

const numbers = (random: Random, min: number, max: number): string =>
  Array.from({ length: 1 + random(5) }, () => String(min + random(max - min + 1))).join(',')

const rulePart: readonly ((random: Random) => string)[] = [
  (random) => `INTERVAL=${1 + random(pick(random, [3, 100, 100_000]))}`,
  (random) => `COUNT=${1 + random(200)}`,
  (random) => `UNTIL=20${20 + random(60)}0${1 + random(9)}1${random(10)}${pick(random, ['', 'T000000', 'T120000Z'])}`,
  (random) => `BYMONTH=${numbers(random, 1, 12)}`,
  (random) => `BYMONTHDAY=${numbers(random, -31, 31)}`,
  (random) => `BYYEARDAY=${numbers(random, -366, 366)}`,
  (random) => `BYWEEKNO=${numbers(random, -53, 53)}`,
  (random) => `BYHOUR=${numbers(random, 0, 23)}`,
  (random) => `BYMINUTE=${numbers(random, 0, 59)}`,
  (random) => `BYSECOND=${numbers(random, 0, 60)}`,
  (random) => `BYSETPOS=${numbers(random, -20, 20)}`,
  (random) => `WKST=${pick(random, ['MO', 'SU', 'WE'])}`,
  (random) => `RSCALE=GREGORIAN;SKIP=${pick(random, ['OMIT', 'FORWARD', 'BACKWARD'])}`,
  (random) =>
    `BYDAY=${Array.from({ length: 1 + random(4) }, () => pick(random, ['', '', '1', '-1', '5', '-20', '53']) + pick(random, ['MO', 'TU', 'WE', 'SA', 'SU'])).join(',')}`,
]

function writeRule(random: Random): string {
  const frequency = `FREQ=${pick(random, ['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'])}`
  const rule = [frequency, ...Array.from({ length: random(6) }, () => pick(random, rulePart)(random))].join(';')
  switch (random(4)) {
    case 0:
      return `DTSTART;TZID=${pick(random, ['America/New_York', 'UTC', 'Mars/Olympus'])}:20${10 + random(20)}0102T0${random(10)}3000\nRRULE:${rule}`
    case 1:
      return `DTSTART:20200229T023000\r\nRRULE:${rule}\r\nEXDATE:20200301T023000\r\nRDATE;VALUE=DATE:20300101`
    default:
      return rule
  }
}

const cronField = (random: Random, min: number, max: number): string => {
  const value = () => String(min + random(max - min + 1))
  switch (random(6)) {
    case 0:
    case 1:
      return '*'
    case 2:
      return `*/${1 + random(max)}`
    case 3:
      return `${value()}-${value()}/${1 + random(9)}`
    case 4:
      return pick(random, ['L', 'LW', '15W', 'L-3', '5L', '1#3', 'MON-FRI', 'JAN,FEB', '?'])
    default:
      return Array.from({ length: 1 + random(4) }, value).join(',')
  }
}

function writeCron(random: Random): string {
  const fields = [
    cronField(random, 0, 59),
    cronField(random, 0, 23),
    cronField(random, 1, 31),
    cronField(random, 1, 12),
    cronField(random, 0, 7),
  ]
  return (random(4) === 0 ? [cronField(random, 0, 59), ...fields] : fields).join(pick(random, [' ', ' ', ' ', '  ', '\t']))
}

function writeDuration(random: Random): string {
  const part = (units: readonly string[]) =>
    `${random(pick(random, [10, 1000, 1e9]))}${random(5) === 0 ? `.${random(1000)}` : ''}${pick(random, units)}`
  const parts = (units: readonly string[]) => Array.from({ length: random(4) }, () => part(units)).join('')
  return random(2) === 0
    ? parts(['w', 'd', 'h', 'm', 's', 'ms'])
    : `P${parts(['W', 'D', 'Y', 'M'])}${random(2) === 0 ? 'T' : ''}${parts(['H', 'M', 'S'])}`
}

const ruleTokens = [
  'FREQ=',
  'DAILY',
  ';',
  'BYDAY=',
  'MO',
  ',',
  '-1',
  '=',
  ':',
  '\n',
  '\r\n ',
  'RRULE',
  'DTSTART',
  'T000000Z',
  '20260101',
  '0',
  '9',
]
const cronTokens = ['*', '/', '-', ',', ' ', 'L', 'W', '#', '?', 'MON', 'JAN', '0', '5', '59', '@daily', '@']
const durationTokens = ['P', 'T', '1', '.', 'h', 'm', 's', 'ms', 'D', 'W', 'M', '0', ' ', '-']

/** The shortest of a few attempts, to exclude the influence of other processes. */
function fastest(run: () => void, enoughMs: number): number {
  let best = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < 5 && best > enoughMs; attempt++) {
    const started = performance.now()
    run()
    best = Math.min(best, performance.now() - started)
  }
  return best
}

function fuzzParser<T>(
  tokens: readonly string[],
  write: (random: Random) => string,
  parse: (text: string) => Parsed<T>,
  use: (text: string) => void,
): void {
  const random = createRandom(seed)
  let accepted = 0
  for (let index = 0; index < count; index++) {
    const text = makeText(random, tokens, write)
    let parsed: Parsed<T> | undefined
    const parseMs = fastest(() => (parsed = parse(text)), PARSE_MS_MAX)
    if (parseMs > PARSE_MS_MAX) expect.fail(`${JSON.stringify(text)} took ${parseMs} ms to parse`)
    if (!parsed) continue
    if (parsed.ok) {
      accepted += 1
      use(text)
    } else if (!(parsed.problem.position >= 0 && parsed.problem.position <= text.length && parsed.problem.message.length > 0)) {
      expect.fail(`${JSON.stringify(text)} is refused without a position or a reason: ${JSON.stringify(parsed.problem)}`)
    }
  }
  // If all texts were refused, or all accepted, the test would prove little.
  expect(accepted).toBeGreaterThan(count / 50)
  expect(accepted).toBeLessThan(count)
}

/** An accepted rule can be described, compiled and queried within the time limits. */
function checkRule(include: Include): void {
  let isSound = true
  const run = () => {
    const schedule = { zone: 'America/New_York', start: '2020-01-01T02:30', include: [include] }
    const checked = compileSchedule(schedule)
    isSound = checked.ok && describeSchedule(schedule).length > 0
    if (checked.ok) nextOccurrence(checked.value, Date.UTC(2026, 2, 8, 6, 30))
  }
  const nextMs = fastest(run, NEXT_MS_MAX)
  if (!isSound) expect.fail(`${JSON.stringify(include)} parses but does not compile`)
  if (nextMs > NEXT_MS_MAX) expect.fail(`${JSON.stringify(include)} took ${nextMs} ms`)
}

describe('no text crashes or delays', () => {
  test('the RRULE parser', { timeout: 3_600_000 }, () => {
    fuzzParser(ruleTokens, writeRule, parseRrule, (rrule) => checkRule({ kind: 'rrule', rrule }))
  })

  test('the cron parser', { timeout: 3_600_000 }, () => {
    fuzzParser(cronTokens, writeCron, parseCron, (cron) => checkRule({ kind: 'cron', cron }))
  })

  test('the duration parser', { timeout: 3_600_000 }, () => {
    fuzzParser(durationTokens, writeDuration, parseDuration, () => undefined)
  })

  test('the iCalendar parser', { timeout: 3_600_000 }, () => {
    const event = (random: Random) =>
      `BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101T000000Z\nSUMMARY:x\nRRULE:${writeRule(random)}\nEND:VEVENT\nEND:VCALENDAR\n`
    fuzzParser(['BEGIN:', 'VCALENDAR', 'VEVENT', '\n', 'END:', ';', ':', '"', ...ruleTokens], event, parseICalendar, () => undefined)
  })
})

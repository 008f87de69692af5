/** The language against a table of values and faults, its limits, its sandboxing, and JMESPath's reference implementation as the oracle. */
import type { Json, JsonObject } from '@orrery/contract'
import fc from 'fast-check'
import jmespath from 'jmespath'
import { describe, expect, test } from 'vitest'
import { cpuMs } from '../../../../tests/support/cpu-ms.ts'
import { evaluate } from './evaluate-expression.ts'
import { ExpressionError } from './expression-error.ts'
import { createMeter, LIMITS } from './meter.ts'
import { parseExpression } from './parse-expression.ts'

const ROOT: JsonObject = {
  params: { chat_id: 42, tags: ['a', 'b'], ratio: 0.5, empty: '', none: null, delay: '90m' },
  steps: {
    mail: { level: 'high', count: 7, 'content-type': 'text/plain', items: [{ id: 1, at: 'x' }, { id: 2 }, { id: 3, at: 'y' }], zero: 0 },
    'my-data': [3, 1, 2],
  },
  now: '2026-03-08T06:30:00.000Z',
  today: '2026-03-08',
}

function run(source: string, root: JsonObject = ROOT): Json | undefined {
  return evaluate(parseExpression(source).expression, root, { root, timezone: 'America/New_York', meter: createMeter() })
}

function fault(source: string, root: JsonObject = ROOT): string {
  try {
    run(source, root)
  } catch (error) {
    if (error instanceof ExpressionError) return `${error.fault}: ${error.message}`
    throw error
  }
  return 'no fault'
}

describe('additions to JMESPath', () => {
  test.each<[string, Json | undefined]>([
    ['steps.mail.count > 5', true],
    ['steps.mail.count >= 7.5', false],
    ["steps.mail.level == 'high'", true],
    ['steps.mail.zero == -0', true],
    ['params.none == null', true],
    ['true && !false', true],
    ['steps.mail.items[?id > 1].id', [2, 3]],
    ['steps.mail.items[?id == $.params.chat_id - 40].id', [2]],
    ["if(steps.mail.level == 'high', 2, 24)", 2],
    ["if(steps.mail.level == 'low', 2, 24)", 24],
    ["if(steps.mail.level == 'low', 2)", undefined],
    ['if(false, steps.mail.nope.deeper, 1)', 1],
    ["default(steps.mail.nope, 'x')", 'x'],
    ["default(params.none, 'x')", 'x'],
    ["default(params.empty, 'x')", ''],
    ['now + 24h', '2026-03-09T06:30:00.000Z'],
    ['now+24h', '2026-03-09T06:30:00.000Z'],
    ['now - 1h30m', '2026-03-08T05:00:00.000Z'],
    ['now + params.delay', '2026-03-08T08:00:00.000Z'],
    ["now + 'PT24H'", '2026-03-09T06:30:00.000Z'],
    ['today + 7d', '2026-03-15'],
    ['date(now)', '2026-03-08'],
    ['date(now - 2h)', '2026-03-07'],
    ["now < '2026-03-08T07'", true],
    ['1 + 2 * 3 - 4 / 2', 5],
    ['-steps.mail.count % 4', -3],
    ['(1 + 2) * 3', 9],
    ['params.ratio * 10', 5],
    ['!steps.mail.zero', true],
    ['!steps.mail.count == false', true],
    ['steps."my-data"[0]', 3],
    ['steps.mail."content-type"', 'text/plain'],
    ["replace(upper('abc'), 'B', '-')", 'A-C'],
    ["split('a,b', ',')", ['a', 'b']],
    ["trim(' x ') ", 'x'],
    ['round(2.345, 2)', 2.35],
    ['{true: true, n: params.chat_id}', { true: true, n: 42 }],
    ["'it\\'s'", "it's"],
    // JMESPath's older literals: a text without its quotes.
    ['`foo`', 'foo'],
    ['` foo bar`', 'foo bar'],
    ['`nullable`', 'nullable'],
    ['`-x`', '-x'],
    ['`"foo"`', 'foo'],
    ['`true`', true],
    ['`-1.5`', -1.5],
    ['9007199254740991', 9007199254740991],
    ['steps.mail.nope < 3', undefined],
  ])('evaluates %s', (source, expected) => {
    expect(run(source)).toEqual(expected)
  })
})

describe('faults', () => {
  test.each([
    ['params.chat_id > params.tags', 'type: > compares two numbers or two texts, not a number and a list'],
    ["steps.mail.count > '5'", 'type: > compares two numbers or two texts, not a number and a text'],
    ['stepz.mail', 'name: there is nothing called stepz; the names are params, steps, now, today'],
    ['length(5)', 'type: length() takes a text or a list or an object, not a number'],
    ['length(params.nope)', 'missing: an argument of length() is missing'],
    ['lenth(params)', 'syntax: there is no function lenth(); did you mean length?'],
    ['join(params.tags)', 'syntax: join() takes 2 arguments, not 1'],
    ['sort_by(params.tags, name)', 'syntax: argument 2 of sort_by() needs &, as in sort_by(list, &name)'],
    ["sum(['a'])", 'type: sum() takes a list of numbers; this one contains a text'],
    ['sort(steps.mail.items)', 'type: sort() orders numbers or texts; this list contains an object'],
    ['1 / 0', 'type: the result of / is not a finite number: it was divided by zero, or is too large'],
    ["'a' + 'b'", "type: + takes a time and a duration (now + 24h); to join texts write join('', [a, b])"],
    ['today + 3h', 'type: 2026-03-08 is a date, so it can be moved only by whole days'],
    ["date('soon')", 'type: date() takes a time such as 2026-11-05T09:30:00Z, not "soon"'],
    ["'2026-02-30T00:00:00Z' + 1d", 'type: + takes a time'],
    ['now - 1000000d', 'type: the time is outside the years 1 to 9999'],
    ['params = 1', 'syntax: write == to compare'],
    ['`{foo`', 'syntax: {foo is not JSON'],
    ["to_number('9007199254740993')", 'type: 9007199254740993 is more than a number can keep exactly; leave it a text'],
    ['9007199254740993', 'syntax: 9007199254740993 is more than a number can keep exactly; write it as a text'],
    ['`{"a":9007199254740993}`', 'syntax: 9007199254740993 is more than a number can keep exactly; write it as a text'],
    ['a ? b : c', 'syntax: a question mark is allowed only at the end; for a choice write if(condition, a, b)'],
    ['params.tags.[0]', 'syntax: an index has no dot before it: items[0]'],
    ['params.', 'syntax: a name was expected after the dot'],
    ["'open", "syntax: the closing ' is missing"],
    ['24x', 'syntax: 24x is neither a number nor a duration such as 24h or 1h30m'],
    ['params tags', 'syntax: tags was not expected here'],
    ['`{a}`', 'syntax: {a} is not JSON'],
    ['params.tags[1:2:0]', 'syntax: a slice is written [from:to:by], and by is not 0'],
  ])('explains what is wrong in %s', (source, expected) => {
    expect(fault(source)).toContain(expected)
  })

  test('refuses an expression that is too long before parsing it', () => {
    expect(fault(`${'('.repeat(600)}1`)).toBe('syntax: the expression is too long')
    expect(fault(`${' '.repeat(9000)}abc`)).toBe('syntax: the expression is too long')
    expect(fault(`'${'x'.repeat(9000)}'`)).toBe("syntax: the closing ' is missing")
    expect(fault('9'.repeat(9000))).toContain('neither a number')
  })
})

describe('limits', () => {
  const big: JsonObject = {
    list: Array.from({ length: 20_000 }, (_, at) => at % 97),
    text: 'ab'.repeat(100_000),
    deep: JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as Json,
  }
  test.each([
    ['map(&sort($.list), list)', 'limit: it is too much work'],
    [`list${'|[@,@]'.repeat(30)}|to_string(@)`, 'limit: it is'],
    ["join('', [text, text, text, text, text, text])", 'limit: a text would be longer than 1000000 characters'],
    ["replace(text, 'a', text)", 'limit: '],
    ['to_string(deep)', 'limit: it is nested deeper than 100 levels'],
    ['deep == [deep]', 'limit: it is nested'],
    ['map(&contains($.text, join(``, [$.text])), list)', 'syntax'],
    ["map(&contains($.text, 'zz'), list)", 'limit: '],
    ['list[?length($.list[?@ == $.list[5]]) > 3]', 'limit: '],
  ])('stops %s at a limit', (source, expected) => {
    expect(fault(source, big)).toContain(expected)
  })

  test('the deepest expressions do not overflow the stack', () => {
    const chains = [
      `a${'.a'.repeat(240)}`,
      `${'!'.repeat(450)}a`,
      `${'('.repeat(240)}a${')'.repeat(240)}`,
      `a${'[0]'.repeat(160)}`,
      `a${' + 1'.repeat(240)}`,
      `a${'[]'.repeat(480)}`,
      `a${'[*]'.repeat(160)}`,
      `${'[?'.repeat(240)}a${']'.repeat(240)}`,
      `${'{a:'.repeat(120)}a${'}'.repeat(120)}`,
    ]
    const root: JsonObject = { a: 1 }
    for (const source of chains) {
      try {
        run(source, root)
      } catch (error) {
        expect(error).toBeInstanceOf(ExpressionError)
      }
    }
  })

  test('selecting from 5,000 rows stays within the limits', () => {
    const root: JsonObject = { rows: Array.from({ length: 5000 }, (_, id) => ({ id, name: `n${id}`, tags: ['x', 'y'] })) }
    expect(run("rows[?contains(tags, 'x') && id > 4990].{id: id, name: upper(name)} | sort_by(@, &id)[0]", root)).toEqual({
      id: 4991,
      name: 'N4991',
    })
    expect(LIMITS.fuel).toBeLessThanOrEqual(100_000)
  })
})

describe('only own members of JSON values are reachable', () => {
  const words = [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'valueOf',
    'hasOwnProperty',
    '__defineGetter__',
    'length',
    'at',
    'map',
    'name',
  ]
  const places = [
    'params',
    'params.tags',
    'steps.mail.level',
    'params.chat_id',
    '@',
    '$',
    "'text'",
    '`[]`',
    '{a: params}',
    '[params]',
    'true',
    'keys(@)',
  ]
  const ways = (place: string, word: string) => [
    `${place}.${word}`,
    `${place}."${word}"`,
    `${place}.${word}.${word}`,
    `${place} | ${word}`,
    `[${place}][*].${word}`,
    `[${place}][?${word}]`,
    `merge({a: ${place}}, {b: 1}).${word}`,
    `values({a: ${place}})[0].${word}`,
  ]
  const attempts = places.flatMap((place) => words.flatMap((word) => ways(place, word)))

  test(`${attempts.length} attempts to reach other members have no value`, () => {
    for (const source of attempts) {
      let value: Json | undefined
      try {
        value = run(source)
      } catch (error) {
        expect(error, source).toBeInstanceOf(ExpressionError)
      }
      expect(value === undefined || value === null || (Array.isArray(value) && value.length === 0), source).toBe(true)
    }
  })

  test('globals of JavaScript are unknown names', () => {
    for (const name of ['globalThis', 'process', 'require', 'Function', 'eval', 'window', 'this', 'self', 'console', 'import']) {
      expect(fault(name)).toMatch(/^name: /)
      expect(fault(`${name}('1')`)).toMatch(/^syntax: there is no function/)
    }
  })

  test('reads members of the data that have such names', () => {
    const root = JSON.parse('{"a": {"__proto__": {"x": 1}, "constructor": 2}}') as JsonObject
    expect(run('a.__proto__.x', root)).toBe(1)
    const merged = run('merge(a, {b: 1}) | {"__proto__": @.constructor, c: @}', root) as object
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
    expect(JSON.stringify(merged)).toBe('{"__proto__":2,"c":{"__proto__":{"x":1},"constructor":2,"b":1}}')
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })
})

/**
 * The oracle is the reference implementation by JMESPath's author. Excluded are the differences on purpose: here 0 counts as false, values
 * that cannot be ordered are an error, `!a.b` negates b, and a missing argument is an error. Also excluded is an argument that begins with
 * @, which the reference implementation parses wrongly.
 */
describe('compared with the reference implementation of JMESPath', () => {
  const names = fc.constantFrom('a', 'b', 'c')
  const leaf = fc.oneof(fc.constant(null), fc.boolean(), fc.integer({ min: 1, max: 5 }), fc.constantFrom('', 'x', 'y'))
  const { value: data } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(names, tie('value'), { maxKeys: 3 }),
    ) as fc.Arbitrary<Json>,
  }))
  const { expression } = fc.letrec<{ expression: string; suffix: string }>((tie) => ({
    suffix: fc.oneof(
      names.map((name) => `.${name}`),
      fc.integer({ min: -2, max: 2 }).map((at) => `[${at}]`),
      fc.constantFrom('[*]', '[]', '.*', '[1:]', '[::-1]', '[:2]', '[-2:]', '.[a, b]', '.{x: a, y: @}'),
      tie('expression').map((inner) => `[?${inner}]`),
      fc.tuple(names, fc.constantFrom('==', '!='), fc.constantFrom("'x'", '`1`', '`null`', 'b')).map(([a, op, b]) => `[?${a} ${op} ${b}]`),
    ),
    expression: fc.oneof(
      { maxDepth: 4 },
      names,
      fc.constantFrom('@', "'x'", '`[1, 2]`'),
      fc.tuple(tie('expression'), tie('suffix')).map(([left, right]) => left + right),
      fc.tuple(tie('expression'), fc.constantFrom(' | ', ' || ', ' && ', ' == '), tie('expression')).map((parts) => parts.join('')),
      fc.tuple(names, tie('suffix')).map(([left, right]) => `(${left})${right}`),
      names.map((name) => `(!${name})`),
      fc
        .tuple(fc.constantFrom('type', 'to_array', 'to_string', 'keys', 'values', 'reverse', 'sort'), tie('expression'))
        .map(([f, e]) => `${f}(${e})`),
      tie('expression').map((inner) => `map(&${inner}, @)`),
    ),
  }))

  test('both return the same value, or both refuse', () => {
    let compared = 0
    fc.assert(
      fc.property(data, expression, (value, source) => {
        const theirs = attempt(() => jmespath.search(value, source) as Json)
        const ours = attempt(() => {
          const context = { root: {}, timezone: 'UTC', meter: createMeter() }
          return evaluate(parseExpression(source).expression, value, context) ?? null
        })
        if (/[(,] *@ *[^,) ]/.test(source) || ours.fault === 'missing' || theirs.fault === 'syntax' || theirs.fault === 'crash') return
        compared += 1
        if (theirs.fault !== null || ours.fault !== null) expect([source, ours.fault !== null]).toEqual([source, theirs.fault !== null])
        else expect(ours.value).toEqual(theirs.value)
      }),
      { numRuns: 4000 },
    )
    expect(compared).toBeGreaterThan(2000)
  })

  function attempt(run: () => Json): { value: Json; fault: string | null } {
    try {
      return { value: run(), fault: null }
    } catch (error) {
      if (error instanceof ExpressionError) return { value: null, fault: error.fault }
      const { name, message } = error as Error
      if (name === 'TypeError' && !message.startsWith('TypeError:')) return { value: null, fault: 'crash' }
      return { value: null, fault: /ParserError|LexerError|Unexpected|Syntax/.test(`${name} ${message}`) ? 'syntax' : 'type' }
    }
  }
})

test('a filter lists the members of a large object once, not for each element', () => {
  const large = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`k${n}`, n]))
  const root: JsonObject = { params: { list: Array.from({ length: 300 }, (_, n) => n), large, none: {} } }
  // Listing it each time took 17 s.
  expect(cpuMs(() => run('params.list[?$.params.large]', root))).toBeLessThan(3_000)
  expect(run('params.list[?$.params.large]', root)).toHaveLength(300)
  expect(run('params.list[?$.params.none]', root)).toEqual([])
})

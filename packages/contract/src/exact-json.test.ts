import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findLargeNumber, parseExactJson, parseForeignJson, quoteLargeNumbers } from './exact-json.ts'

const BIG = '9007199254740993'

test.each([
  [BIG, ''],
  [`-${BIG}`, ''],
  ['1e400', ''],
  [`{"a":[1,{"b c":${BIG}}]}`, 'a[1]["b c"]'],
  [`[[],{},"${BIG}",[1,2,${BIG}]]`, '[3][2]'],
  [`{"a":{"x":1},"b":{"__proto__":${BIG}}}`, 'b.__proto__'],
  [`{"a\\"b":"\\\\","c\\u0064":${BIG}}`, 'cd'],
])('finds the number that cannot be kept in %s', (text, path) => {
  expect(findLargeNumber(text)?.path).toBe(path)
  expect(parseExactJson(text)).toMatchObject({ ok: false, large: { path } })
})

test.each([
  '9007199254740991',
  '-9007199254740991',
  '1e300',
  '0.12345678901234567890',
  '1234567890123456789.5',
  `"${BIG}"`,
  `["\\"${BIG}"]`,
])('parses %s as it is', (text) => {
  expect(parseExactJson(text)).toEqual({ ok: true, value: JSON.parse(text) })
  expect(parseForeignJson(text)).toEqual(JSON.parse(text))
})

test('makes texts of the numbers of other systems that cannot be kept, and changes nothing else', () => {
  expect(parseForeignJson(`{"id":${BIG},"text":"id: ${BIG} \\" ${BIG}","n":[1,-${BIG},1e999]}`)).toEqual({
    id: BIG,
    text: `id: ${BIG} " ${BIG}`,
    n: [1, `-${BIG}`, '1e999'],
  })
})

test('rounds where it is told to', () => {
  const text = `{"document":{"maximum":${BIG}},"other":1}`
  expect(parseExactJson(text, ['document'])).toEqual({ ok: true, value: JSON.parse(text) })
  expect(parseExactJson(`{"other":{"document":${BIG}}}`, ['document'])).toMatchObject({ ok: false, large: { path: 'other.document' } })
})

test('throws SyntaxError for a text that is not JSON, however it continues', () => {
  for (const text of ['', `{"a":${BIG}`, `{:${BIG}}`, `"${BIG}`, `[${BIG},]`]) {
    expect(() => parseExactJson(text), text).toThrow(SyntaxError)
    expect(() => parseForeignJson(text), text).toThrow(SyntaxError)
    expect(() => findLargeNumber(text), text).not.toThrow()
  }
})

test('agrees with JSON.parse on every value, and takes time in proportion to the text', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = JSON.stringify(value)
      const hasLarge = /(?<!["\d.eE+-])-?\d{17,}/.test(text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""'))
      if (!hasLarge) expect(parseForeignJson(text)).toEqual(JSON.parse(text))
      expect(quoteLargeNumbers(quoteLargeNumbers(text))).toBe(quoteLargeNumbers(text))
    }),
  )
  const deep = `${'['.repeat(300_000)}${BIG}${']'.repeat(300_000)}`
  expect(findLargeNumber(deep)?.path.length).toBe(900_000)
  const long = JSON.stringify({ text: 'a"\\'.repeat(500_000), id: 1 }).replace('1}', `${BIG}}`)
  expect(findLargeNumber(long)?.path).toBe('id')
})

test.each([
  ['escaped quotes', `"${'\\"'.repeat(250_000)}`],
  ['line breaks behind a backslash', `"${'\\"'.repeat(250_000)}\\\n`],
  ['a backslash at the end', `"${'\\"'.repeat(250_000)}\\`],
])('takes time in proportion to a text whose string does not end: %s', (_, start) => {
  const begun = process.cpuUsage()
  // The digits make both look at the whole text.
  for (const text of [`${'1'.repeat(16)}${start}`, `${start}${'1'.repeat(16)}`]) {
    findLargeNumber(text)
    quoteLargeNumbers(text)
  }
  // A scan from each quote to the end would take minutes.
  expect(process.cpuUsage(begun).user / 1000).toBeLessThan(2_000)
})

import { expect, test } from 'vitest'
import { cpuMs } from '../../../../tests/support/cpu-ms.ts'
import { createLogger, passwordsOf } from './logger.ts'
import { redactLine } from './redact.ts'

/** Logs through `write` at every format and returns what came out. */
function logged(write: (log: ReturnType<typeof createLogger>) => void, secrets: readonly string[] = []): string {
  let text = ''
  for (const format of ['json', 'pretty'] as const) {
    write(createLogger({ level: 'trace', format, secrets, destination: { write: (line) => void (text += line) } }))
  }
  return text
}

const CANARY = 'c4n4ryc4n4ryc4n4ry'
const planted: [string, (log: ReturnType<typeof createLogger>) => void][] = [
  ['an object of headers', (log) => log.info({ headers: { authorization: `Bearer ${CANARY}`, 'x-api-key': CANARY } }, 'request')],
  ['a cookie', (log) => log.info({ req: { Cookie: `sid=${CANARY}`, 'set-cookie': [`sid=${CANARY}`] } })],
  ['a deep field', (log) => log.info({ a: [{ b: { dbPassword: CANARY, token: CANARY, clientSecret: { value: CANARY } } }] })],
  ['a binding of a child', (log) => log.child({ apiKey: CANARY }).info('x')],
  ['one of our keys in a message', (log) => log.info(`key is orr_${CANARY}_${CANARY}`)],
  ['a token in a message', (log) => log.info(`sent eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ${CANARY}.${CANARY}`)],
  ['a key as the name of a field', (log) => log.info({ [`orr_${CANARY}_${CANARY}`]: 1 })],
  ['a connection string in an error', (log) => log.error({ error: new Error(`cannot reach postgres://me:${CANARY}@db:5432/x`) }, 'failed')],
  ['a cause of an error', (log) => log.error({ error: new Error('outer', { cause: new Error(`password=${CANARY}`) }) })],
  [
    'a property of an error',
    (log) => log.error({ error: Object.assign(new Error('x'), { connectionString: `postgres://u:${CANARY}@h/d` }) }),
  ],
  ['JSON inside a text', (log) => log.info(JSON.stringify({ password: CANARY, nested: { refresh_token: CANARY } }))],
  ['a header inside a text', (log) => log.info(`sent Authorization: Bearer ${CANARY}`)],
  ['an argument of the message', (log) => log.info('password: %s', CANARY)],
]
test.each(planted)('redacts a secret in %s', (_, write) => {
  const text = logged(write)
  expect(text).toContain('[redacted]')
  expect(text).not.toContain(CANARY)
})

test('redacts a known secret value anywhere in a line', () => {
  const secrets = passwordsOf(`postgres://me:${CANARY}@db/x`)
  expect(logged((log) => log.info({ note: `it is ${CANARY}!` }), secrets)).not.toContain(CANARY)
})

test.each([
  ['base64', Buffer.from(`me:${CANARY}`).toString('base64')],
  ['percent-encoding', [...CANARY].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('')],
  ['another case', CANARY.toUpperCase()],
])('redacts a known secret value in %s', (_, shown) => {
  const text = logged((log) => log.info({ note: `it is ${shown}!` }), passwordsOf(`postgres://me:${CANARY}@db/x`))
  expect(text).toContain('[redacted]')
  expect(text).not.toContain(shown)
})

test('keeps numbers and ordinary words', () => {
  const text = logged((log) =>
    log.info({ tokens: 512, maxTokens: 5, run: 'run_01jb2m4k6q8r0s2t4v6w8x0y2z', url: 'http://127.0.0.1:8787/docs' }, 'ready'),
  )
  expect(text).not.toContain('[redacted]')
  expect(text).toContain('512')
})

test('reads a long line in linear time', () => {
  const line = `${JSON.stringify({ path: `/token/${'a.'.repeat(50_000)}` })}\n`
  expect(cpuMs(() => redactLine(line))).toBeLessThan(2_000)
})

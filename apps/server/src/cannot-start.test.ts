/** What `cannot-start.pg.test.ts` cannot bring about on one machine. */
import { ServerTooOld } from '@orrery/engine/postgres'
import { expect, test } from 'vitest'
import { explainDatabase, explainListen } from './cannot-start.ts'

const URL_WITH_SECRET = 'postgres://me:hunter2@db.example.com/orrery'
const failure = (code: string, message = 'as the system says') => Object.assign(new Error(message), { code })

const cases: [string, unknown, RegExp][] = [
  [
    'a server that is too old',
    new ServerTooOld('The server is PostgreSQL 14.9; 15 or newer is needed'),
    /^The server is PostgreSQL 14\.9; 15 .*update/,
  ],
  ['no answer', failure('ETIMEDOUT'), /^No answer from db\.example\.com:5432: .* DATABASE_URL\.$/],
  ['no answer within our patience', new Error('timeout expired'), /^No answer from/],
  ['a login that pg_hba.conf refuses', failure('28000', 'no pg_hba.conf entry'), /"me" in \(no pg_hba\.conf entry\): correct DATABASE_URL/],
  ['a server that is full', failure('53300', 'too many clients'), /no connection left \(too many clients\)/],
  ['a server that starts', failure('57P03', 'the database system is starting up'), /try again in a moment/],
  [
    'a certificate that nobody signed',
    failure('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'),
    /^No TLS with .*self-signed certificate/,
  ],
]
test.for(cases)('%s is one sentence that names the setting and no password', ([, error, sentence]) => {
  const said = explainDatabase(error, URL_WITH_SECRET) ?? ''
  expect(said).toMatch(sentence)
  expect(said).toContain('DATABASE_URL')
  expect(said).not.toMatch(/hunter2|\n/)
})

test('what nobody foresaw is left as it is', () => {
  expect(explainDatabase(new TypeError('x is not a function'), URL_WITH_SECRET)).toBeNull()
  expect(explainListen(new Error('odd'), '127.0.0.1', 1)).toBeNull()
})

test('a port that needs rights says so', () => {
  expect(explainListen(failure('EACCES'), '127.0.0.1', 80)).toBe('This login may not listen on port 80: set PORT (--port) to 1024 or more.')
})

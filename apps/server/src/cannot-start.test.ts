/** The failures that `cannot-start.pg.test.ts` cannot cause on one machine, as error objects. */
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
  ['a connection timeout of the driver', new Error('timeout expired'), /^No answer from/],
  ['a login that pg_hba.conf refuses', failure('28000', 'no pg_hba.conf entry'), /"me" \(no pg_hba\.conf entry\): correct DATABASE_URL/],
  ['a server without a free connection', failure('53300', 'too many clients'), /no free connection \(too many clients\)/],
  ['a server that is starting', failure('57P03', 'the database system is starting up'), /try again in a moment/],
  [
    'a self-signed certificate',
    failure('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'),
    /^There is no TLS connection to .*self-signed certificate/,
  ],
]
test.for(cases)('explains %s in one sentence, with the setting and without the password', ([, error, sentence]) => {
  const said = explainDatabase(error, URL_WITH_SECRET) ?? ''
  expect(said).toMatch(sentence)
  expect(said).toContain('DATABASE_URL')
  expect(said).not.toMatch(/hunter2|\n/)
})

test('does not explain an unknown error', () => {
  expect(explainDatabase(new TypeError('x is not a function'), URL_WITH_SECRET)).toBeNull()
  expect(explainListen(new Error('odd'), '127.0.0.1', 1)).toBeNull()
})

test('explains a privileged port', () => {
  expect(explainListen(failure('EACCES'), '127.0.0.1', 80)).toBe('This user may not listen on port 80: set PORT (--port) to 1024 or more.')
})

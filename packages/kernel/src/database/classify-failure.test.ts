import { expect, test } from 'vitest'
import { classifyFailure } from './classify-failure.ts'

const coded = (code: string, more: object = {}) => Object.assign(new Error(code), { code, ...more })

function circular(): Error {
  const error = new TypeError('x is not a function')
  error.cause = error
  return error
}

/** What another time may heal: no caller and no statement is at fault. */
const AWAY: readonly (readonly [string, Error])[] = [
  ['a lost connection', coded('08006')],
  ['a race that was lost too often', coded('40001')],
  ['no disk space', coded('53100')],
  ['no memory', coded('53200')],
  ['no connections left', coded('53300')],
  ['the limit of temporary files', coded('53400')],
  ['a lock that was not granted', coded('55P03')],
  ['a statement that the operator cancelled', coded('57014')],
  ['a shutdown', coded('57P01')],
  ['a start', coded('57P03')],
  ['an error of the disk', coded('58030')],
  ['a damaged index', coded('XX002')],
  ['a standby', coded('25006')],
  ['an idle transaction that was ended', coded('25P03')],
  ['a login that is refused', coded('28P01')],
  ['a database that is not there', coded('3D000')],
  ['a role that is not there at the start of a connection', coded('22023', { severity: 'FATAL' })],
  ['a refused connection', coded('ECONNREFUSED', { syscall: 'connect' })],
  ['a socket that is not there', coded('ENOENT', { syscall: 'connect' })],
  ['a host that cannot be reached', coded('EHOSTUNREACH')],
  ['a name server that does not answer', coded('EAI_AGAIN')],
  ['no file descriptors left', coded('EMFILE')],
  ['a connection that ended', new Error('Connection terminated unexpectedly')],
  ['a connection that is not made in time', new Error('timeout exceeded when trying to connect')],
  ['an answer that does not come', new Error('Query read timeout')],
  ['a closed pool', new Error('Cannot use a pool after calling end on the pool')],
  ['a fate that the engine does not know', Object.assign(new Error('x'), { name: 'Ambiguous' })],
  ['a cause of this kind', new Error('could not do it', { cause: coded('57P01') })],
]

/** What only a change of our code can heal. */
const OURS: readonly (readonly [string, unknown])[] = [
  ['a syntax error', coded('42601')],
  ['a violated constraint', coded('23505')],
  ['a value of the wrong type', coded('22P02')],
  ['a row that is too large for its index', coded('54000')],
  ['a transaction that had failed', coded('25P02')],
  ['an exception of a function', coded('P0001')],
  ['a mistake in the program', new TypeError('x is not a function')],
  ['a missing file', coded('ENOENT', { syscall: 'open' })],
  ['an error of Node', coded('ERR_INVALID_ARG_TYPE')],
  ['no error', 'text'],
  ['a mistake that is its own cause', circular()],
]

test.for(AWAY)('answers %s with 503 and says when to try again', ([, error]) => {
  expect(classifyFailure(error).toProblem()).toMatchObject({ status: 503, code: 'unavailable', retryAfterMs: expect.any(Number) })
})

test.for(OURS)('answers %s with 500', ([, error]) => {
  expect(classifyFailure(error).status).toBe(500)
})

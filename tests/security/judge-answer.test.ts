/** Checks that the judge of the fuzzer finds faults: if it accepted every answer, the fuzz suite would always pass. */
import { findOperation, type Operation, problem } from '@orrery/contract'
import { expect, test } from 'vitest'
import type { Answered } from './faces.ts'
import { foresee, judge, type Verdict } from './judge-answer.ts'

const setLimit = findOperation('limits.set') as Operation
const VALID: Verdict = { is: 'valid' }
const WRONG: Verdict = { is: 'invalid', fields: ['max'] }

function answer(more: Partial<Answered>, contentType = 'application/json'): Answered {
  const headers = new Headers({ 'content-type': contentType, 'x-request-id': 'req-1' })
  return { face: 'rest', status: 200, headers, text: '', sent: '', tookMs: 1, output: { limit: 'a', max: 1 }, ...more }
}

const shown = problem('invalid_input', 'No.', { errors: [{ path: 'max', message: 'Too big' }] }).toProblem('req-1')
const refused = (more: object = {}, status = 400, type = 'application/problem+json') =>
  answer({ status, output: undefined, problem: { ...shown, ...more } }, type)

test('finds no fault in a correct answer', () => {
  expect(judge(setLimit, answer({}), VALID)).toBeNull()
  expect(judge(setLimit, refused(), WRONG)).toBeNull()
})

const faulty: [string, Answered, Verdict, RegExp][] = [
  ['a server error', answer({ status: 500 }), VALID, /status 500/],
  ['a late answer', answer({ tookMs: 16_000 }), VALID, /16000 ms/],
  ['an undeclared status', answer({ status: 201 }), VALID, /declared is 200/],
  ['an answer of another shape', answer({ output: { limit: 'a', max: 'many' } }), VALID, /not of its shape/],
  ['a member that is not declared', answer({ output: { limit: 'a', max: 1, secret: 'x' } }), VALID, /members that its shape does not/],
  ['success for an invalid input', answer({}), WRONG, /was accepted that is wrong in max/],
  ['a problem for a valid input', refused({ errors: [{ path: 'other', message: 'x' }] }), VALID, /a field that there is not/],
  ['a problem that names the wrong field', refused({ errors: [{ path: 'limit', message: 'x' }] }), WRONG, /it names limit/],
  ['a problem that names no field', refused({ errors: [] }), WRONG, /names no field/],
  ['a problem that is not declared', refused({ ...problem('run.not_found', 'No.').toProblem('req-1') }, 404), VALID, /not declared/],
  ['an unknown code', refused({ code: 'oops' }), WRONG, /not a problem/],
  ['a wrong title', refused({ title: 'Oops' }), WRONG, /title or type/],
  ['a different status in the body', refused({ status: 422 }), WRONG, /says 422/],
  ['a problem as plain JSON', refused({}, 400, 'application/json'), WRONG, /content type/],
  ['a problem of another request', refused({ requestId: 'req-2' }), WRONG, /does not name its request/],
]

test.each(faulty)('finds the fault: %s', (_, given, verdict, fault) => {
  expect(judge(setLimit, given, verdict)).toMatch(fault)
})

test('predicts from the schema whether an input is valid as it arrives', () => {
  expect(foresee(setLimit, 'trpc', { limit: 'a', max: 1 })).toEqual({ is: 'valid' })
  expect(foresee(setLimit, 'trpc', { limit: 'a', max: -1, more: 1 })).toEqual({ is: 'invalid', fields: ['max', 'more'] })
  // A path parameter is always text.
  expect(foresee(setLimit, 'trpc', { limit: 5, max: 1 })).toMatchObject({ is: 'invalid' })
  expect(foresee(setLimit, 'rest', { limit: 5, max: 1 })).toEqual({ is: 'valid' })
  expect(foresee(setLimit, 'rest', { limit: 'a/b', max: 1 })).toEqual({ is: 'unsure' })
})

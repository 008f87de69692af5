import { expect, test } from 'vitest'
import { toFailure } from './run.ts'

test('an error keeps its causes and the errors of an AggregateError on every face', () => {
  const inner = { name: 'TypeError', message: 'the cause', kind: 'error' as const }
  const failure = { name: 'Error', message: 'no luck', kind: 'error' as const, cause: { ...inner, cause: inner }, errors: [inner] }
  expect(toFailure(failure)).toEqual(failure)
})

import { expect, test } from 'vitest'
import { joinSteps } from './join-steps.ts'
import { DEFAULT_RETRY } from './retry.ts'
import type { StepSource } from './step-source.ts'

function source(...names: string[]): StepSource {
  const body = () => names
  const step = (name: string) => ({ name, retry: DEFAULT_RETRY, timeoutMs: null, heartbeatTimeoutMs: null, transactional: false, body })
  return { find: (name) => (names.includes(name) ? step(name) : undefined), names: () => names }
}

test('a name resolves to the first source that has it', () => {
  const joined = joinSteps(source('a', 'b'), source('b', 'c'))
  expect(joined.names()).toEqual(['a', 'b', 'c'])
  expect(joined.find('b')?.body(undefined as never, undefined as never)).toEqual(['a', 'b'])
  expect(joined.find('c')?.name).toBe('c')
  expect(joined.find('d')).toBeUndefined()
})

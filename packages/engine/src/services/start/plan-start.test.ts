import { expect, test } from 'vitest'
import type { StartRequest } from '../../api.ts'
import type { Json, WorkflowManifest } from '../../workflow/protocol.ts'
import { limitsOf } from './plan-start.ts'

const manifest: WorkflowManifest = {
  name: 'single',
  description: null,
  inputSchema: null,
  outputSchema: null,
  options: { concurrency: { limit: 1, key: 'lane' } },
}

const limitFor = (lane: Json) => {
  const request: StartRequest = { org: '01900000-0000-7000-8000-000000000001', workflow: 'single', input: { lane } }
  return limitsOf(request, manifest).concurrency[0]?.limit ?? ''
}

test('a key from an input is text that PostgreSQL accepts, for any input', () => {
  expect(limitFor('a')).toBe('workflow:single:a')
  expect(limitFor({ a: [1] })).toBe('workflow:single:{"a":[1]}')
  expect(limitFor('a\u0000\ud800')).toBe('workflow:single:a\ufffd\ufffd')
})

test('shortens keys too long for an index and keeps them distinct', () => {
  const long = '💡'.repeat(5000)
  const [one, other] = [limitFor(`${long}1`), limitFor(`${long}2`)]
  expect(one).not.toBe(other)
  expect(one).toBe(limitFor(`${long}1`))
  expect(one.length).toBeLessThan(600)
  expect(one.isWellFormed()).toBe(true)
})

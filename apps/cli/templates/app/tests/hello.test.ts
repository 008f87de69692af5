import { testWorkflow } from '@orrery/sdk/testing'
import { expect, test } from 'vitest'
import { hello } from '../workflows/hello.ts'

test('greets by name', async () => {
  const result = await testWorkflow(hello, {
    input: { name: 'Ada' },
    // A step may be replaced by a value or a function; the others run as they are. Time is virtual: the sleep takes none.
    steps: { 'look-up': { name: 'Ada', letters: 3, seenAt: '2026-01-01T00:00:00.000Z' } },
  })
  expect(result.status).toBe('succeeded')
  expect(result.output).toEqual({ greeting: 'Hello Ada, your name has 3 letters.' })
})

import { testWorkflow } from '@orrery/sdk/testing'
import { expect, test } from 'vitest'
import { hello } from '../workflows/hello.ts'

test('greets by name', async () => {
  const result = await testWorkflow(hello, {
    input: { name: 'Ada' },
    // Replaces a step by a value; a function works, too. The other steps run. Time is virtual, so the sleep takes no real time.
    steps: { 'look-up': { name: 'Ada', letters: 3, seenAt: '2026-01-01T00:00:00.000Z' } },
  })
  expect(result.status).toBe('succeeded')
  expect(result.output).toEqual({ greeting: 'Hello Ada, your name has 3 letters.' })
})

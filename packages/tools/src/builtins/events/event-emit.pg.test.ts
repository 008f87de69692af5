import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTools, type Tools } from '../testing/start-tools.fixture.ts'
import { eventEmit } from './event-emit.ts'

let tools: Tools
beforeAll(async () => {
  tools = await startTools()
})
afterAll(() => tools.close())

describe('event.emit', () => {
  it('writes one event for all attempts of a step', async () => {
    for (let attempt = 1; attempt <= 2; attempt++)
      await tools.call(eventEmit, { topic: 'order.sent' }, { attempt, idempotencyKey: 'a step' })
    await expect.poll(async () => (await tools.core.call('events.list', { type: 'order.sent' })).items).toHaveLength(1)
  })

  it('writes an event of the organization with the run as its default subject', async () => {
    const { output } = await tools.call(eventEmit, { topic: 'order.paid', payload: { total: 99.5 } })
    const run = 'run_01jb2m4k6q8r0s2t4v6w8x0y2z'
    expect(output).toEqual({ type: 'order.paid', subject: run, at: expect.stringMatching(/Z$/) })
    await tools.call(eventEmit, { topic: 'order.paid', source: 'order-1042' }, { idempotencyKey: 'another step' })
    await expect
      .poll(async () => (await tools.core.call('events.list', { type: 'order.paid' })).items)
      .toMatchObject([
        { subject: run, data: { total: 99.5 }, at: (output as { at: string }).at },
        { subject: 'order-1042', data: null },
      ])
  })

  it('rejects reserved topics and a payload that is too large', async () => {
    for (const topic of ['run.failed', 'run', 'automation.fired', 'tool.changed', 'event.x'])
      expect(await tools.failure(eventEmit, { topic })).toMatchObject({ name: 'invalid_input', isRetryable: false })
    const payload = 'x'.repeat(65_536)
    expect(await tools.failure(eventEmit, { topic: 'order', payload }, { idempotencyKey: 'a third step' })).toMatchObject({
      name: 'payload_too_large',
      isRetryable: false,
    })
  })
})

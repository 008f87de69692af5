import { PERMISSION_SETS } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'

let t: TestCore

beforeAll(async () => {
  t = await startTestCore()
})
afterAll(() => t?.close())

const emit = (id: string) => ({ id, uses: 'event.emit', with: { topic: 'grants.tested' } })

function emitter(grants?: readonly string[]) {
  const implementation = { kind: 'pipeline', definition: { pipeline: [emit('emit')] }, ...(grants === undefined ? {} : { grants }) }
  return { description: 'Emits an event when it is called', implementation } as never
}

async function run(definition: readonly object[], scopes: readonly string[] = []) {
  const { runId } = await t.call('pipelines.run', { definition: definition as never, scopes: [...scopes] })
  return t.call('runs.result', { runId, timeout: '20s' })
}

describe('grants of a tool', () => {
  it('apply to the steps inside the tool, not to the steps around it', async () => {
    await t.call('tools.put', { tool: 'emitter.all', definition: emitter(['events:emit']) })
    expect(await run([{ id: 'call', uses: 'emitter.all' }])).toMatchObject({ status: 'succeeded' })
    const around = await run([{ id: 'call', uses: 'emitter.all' }, emit('beside')])
    expect(around).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(/beside.*events:emit/s) } })
  })

  it('are empty by default', async () => {
    await t.call('tools.put', { tool: 'emitter.none', definition: emitter() })
    expect(await run([{ id: 'call', uses: 'emitter.none' }])).toMatchObject({ status: 'failed' })
    expect(await run([{ id: 'call', uses: 'emitter.none' }], ['events:emit'])).toMatchObject({ status: 'succeeded' })
  })

  it('can be set only by a caller that may call tools and has the granted scopes itself', async () => {
    const put = async (scopes: readonly string[], grants: readonly string[]) => {
      const { output } = await t.answer('keys.create', { name: 'narrow', scopes })
      return t.call('tools.put', { tool: 'emitter.narrow', definition: emitter(grants) }, { key: (output as { secret: string }).secret })
    }
    await expect(put(['tools:write'], ['events:emit'])).rejects.toMatchObject({ code: 'forbidden' })
    // The scope of event.emit stands for events:write.
    await expect(put(['tools:write', 'tools:call'], ['events:emit'])).rejects.toMatchObject({ extra: { permission: 'events:write' } })
    await expect(put(PERMISSION_SETS.developer, ['keys:write'])).rejects.toMatchObject({ code: 'forbidden' })
    expect(await put(['tools:write', 'tools:call', 'events:write'], ['events:emit'])).toMatchObject({ name: 'emitter.narrow' })
    expect(await put(['tools:write'], [])).toMatchObject({ version: 2 })
  })
})

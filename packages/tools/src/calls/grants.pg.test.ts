import { PERMISSION_SETS } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../core/src/testing/start-test-core.ts'

let t: TestCore

beforeAll(async () => {
  t = await startTestCore()
})
afterAll(() => t?.close())

const emit = (id: string) => ({ id, uses: 'event.emit', with: { topic: 'grants.tested' } })

function tell(grants?: readonly string[]) {
  const implementation = { kind: 'pipeline', definition: { pipeline: [emit('emit')] }, ...(grants === undefined ? {} : { grants }) }
  return { description: 'Tells that it was called', implementation } as never
}

async function run(definition: readonly object[], scopes: readonly string[] = []) {
  const { runId } = await t.call('pipelines.run', { definition: definition as never, scopes: [...scopes] })
  return t.call('runs.result', { runId, timeout: '20s' })
}

describe('what a tool grants', () => {
  it('is had by what is inside it, and by nothing around it', async () => {
    await t.call('tools.put', { tool: 'tell.all', definition: tell(['events:emit']) })
    expect(await run([{ id: 'tell', uses: 'tell.all' }])).toMatchObject({ status: 'succeeded' })
    const around = await run([{ id: 'tell', uses: 'tell.all' }, emit('beside')])
    expect(around).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(/beside.*events:emit/s) } })
  })

  it('is nothing unless it says so', async () => {
    await t.call('tools.put', { tool: 'tell.none', definition: tell() })
    expect(await run([{ id: 'tell', uses: 'tell.none' }])).toMatchObject({ status: 'failed' })
    expect(await run([{ id: 'tell', uses: 'tell.none' }], ['events:emit'])).toMatchObject({ status: 'succeeded' })
  })

  it('can be given by whoever may call tools himself, and has what he gives', async () => {
    const put = async (scopes: readonly string[], grants: readonly string[]) => {
      const { output } = await t.answer('keys.create', { name: 'narrow', scopes })
      return t.call('tools.put', { tool: 'tell.narrow', definition: tell(grants) }, { key: (output as { secret: string }).secret })
    }
    await expect(put(['tools:write'], ['events:emit'])).rejects.toMatchObject({ code: 'forbidden' })
    await expect(put(PERMISSION_SETS.developer, ['keys:write'])).rejects.toMatchObject({ code: 'forbidden' })
    expect(await put(['tools:write', 'tools:call'], ['events:emit'])).toMatchObject({ name: 'tell.narrow' })
    expect(await put(['tools:write'], [])).toMatchObject({ version: 2 })
  })
})

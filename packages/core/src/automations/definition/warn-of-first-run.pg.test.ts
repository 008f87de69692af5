/** Saving an automation whose first run could not work: it is warned of then, not found out at the first firing. */
import type { AutomationDefinition } from '@orrery/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../../tests/support/start-test-core.ts'

let t: TestCore
let count = 0
beforeAll(async () => {
  t = await startTestCore({ work: false })
  await t.deploy()
})
afterAll(() => t?.close())

const warningsOf = async (definition: Partial<AutomationDefinition>) =>
  (await t.call('automations.create', { name: `warned-${++count}`, ...definition } as never)).warnings

const steps = [{ id: 'list', uses: 'orchestrator.list' }] as const

it('warns of the scopes that the tools of a pipeline would lack, also in pipelines that it calls', async () => {
  const expected = expect.stringMatching(
    /^pipeline: orchestrator\.list needs the scope automations:read, which the automation does not grant/,
  )
  expect(await warningsOf({ pipeline: steps as never })).toEqual([expected])
  expect(await warningsOf({ pipeline: steps as never, scopes: ['automations:read'] })).toEqual([])
  await t.call('pipelines.put', { pipeline: 'inner', definition: steps } as never)
  await t.call('pipelines.put', { pipeline: 'outer', definition: [{ id: 'call', pipeline: 'inner' }] } as never)
  expect(await warningsOf({ pipeline: 'outer' })).toEqual([expected])
})

it('warns of a polled tool that does not exist or whose scopes are missing', async () => {
  const poll = (uses: string) => ({ type: 'condition', poll: { uses, every: '1h' }, condition: 'true' })
  const about = (uses: string) => warningsOf({ triggers: [poll(uses)] as never, pipeline: [{ id: 'now', uses: 'time.now' }] as never })
  expect(await about('no.such')).toEqual([expect.stringMatching(/poll\.uses: There is no tool no\.such\.$/)])
  expect(await about('orchestrator.list')).toEqual([expect.stringMatching(/poll\.uses: orchestrator\.list needs the scope/)])
  expect(await about('time.now')).toEqual([])
})

it('warns of an input without templates that does not fit the schema of the workflow', async () => {
  const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
  await t.query(
    `update engine.bundle set manifest = (select json_build_object('protocol', manifest->'protocol', 'workflows', json_agg(
       case when w->>'name' = 'greeting' then (w::jsonb || jsonb_build_object('inputSchema', $1::jsonb))::json else w end))
     from json_array_elements(manifest->'workflows') w)`,
    [JSON.stringify(schema)],
  )
  const about = (input: unknown) => warningsOf({ workflow: { name: 'greeting', input } as never })
  expect(await about({ name: 7 })).toEqual([expect.stringMatching(/^workflow\.input\.name: /)])
  expect(await about({ name: 'Ada' })).toEqual([])
  expect(await about({ name: '${params.who}' })).toEqual([])
})

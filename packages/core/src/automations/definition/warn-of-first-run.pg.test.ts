/** Saving an automation whose first run could not work: it is warned of then, not found out at the first firing. */
import { randomUUID } from 'node:crypto'
import { type AutomationDefinition, encodeId } from '@orrery/contract'
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
  const expected = expect.stringMatching(/^pipeline: orchestrator\.list needs the scope automations:read, which nothing grants here/)
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

it('warns of connections that do not exist, wherever a pipeline or a condition names them', async () => {
  const mail = (connection: string) => ({ id: 'mail', uses: 'email.fetch', with: { connection } })
  const scopes = ['mail:read', 'model:use']
  const inline = async (connection: string) => warningsOf({ pipeline: [mail(connection)] as never, scopes })
  expect(await inline('post')).toEqual(['pipeline[0].with.connection: There is no connection post'])
  const unknownId = encodeId('con', randomUUID())
  expect(await inline(unknownId)).toEqual([`pipeline[0].with.connection: There is no connection ${unknownId}`])
  expect(await inline('${params.box}')).toEqual([])

  const definition = [{ id: 'each', for_each: [1], do: [mail('post')] }]
  const problems = [
    { severity: 'warning', step: 'mail', path: 'pipeline[0].do[0].with.connection', message: 'There is no connection post' },
  ]
  expect(await t.call('pipelines.put', { pipeline: 'letters', definition } as never)).toMatchObject({ warnings: problems })
  expect(await t.call('pipelines.check', { definition } as never)).toMatchObject({ ok: true, problems })
  const stored = ['pipeline[0].do[0].with.connection: There is no connection post']
  expect(await warningsOf({ pipeline: 'letters', scopes })).toEqual(stored)

  const bound = { description: 'Reads letters', implementation: { kind: 'builtin', builtIn: 'email.fetch', connection: 'post' } }
  await t.call('tools.put', { tool: 'letters.read', definition: bound } as never)
  const ofTool = (place: string) => [`${place}: The tool letters.read uses the connection post, which does not exist`]
  expect(await warningsOf({ pipeline: [{ id: 'read', uses: 'letters.read' }] as never, scopes })).toEqual(ofTool('pipeline[0].uses'))
  const triggers = [{ type: 'condition', poll: { uses: 'letters.read', every: '1h' }, condition: 'true' }] as never
  expect(await warningsOf({ triggers, pipeline: [{ id: 'now', uses: 'time.now' }] as never, scopes })).toEqual([
    expect.stringMatching(/poll\.uses: The tool letters\.read uses the connection post, which does not exist$/),
  ])

  const settings = { type: 'imap', host: 'mail.example.com', port: 993, secure: true, username: 'ada', password: 'secret' }
  const { id } = await t.call('connections.create', { name: 'post', settings } as never)
  for (const known of ['post', id]) expect(await inline(known)).toEqual([])
  expect(await warningsOf({ pipeline: [{ id: 'read', uses: 'letters.read' }] as never, scopes })).toEqual([])
})

it('answers the start of a pipeline with the scopes that its tools lack', async () => {
  const start = async (scopes: string[]) => (await t.call('pipelines.run', { definition: steps as never, scopes })).warnings
  expect(await start([])).toEqual([
    'pipeline: orchestrator.list needs the scope automations:read, which nothing grants here. Add it to scopes.',
  ])
  expect(await start(['automations:read'])).toEqual([])
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
  const [{ version } = { version: '' }] = (await t.call('workflows.versions', { workflow: 'greeting' })).items
  const pinned = (input: unknown) => warningsOf({ workflow: { name: 'greeting', version, input } as never })
  expect(await pinned({ name: 7 })).toEqual([expect.stringMatching(/^workflow\.input\.name: /)])
  expect(await pinned({ name: 'Ada' })).toEqual([])
})

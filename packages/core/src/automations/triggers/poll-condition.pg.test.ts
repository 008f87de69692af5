/**
 * Conditions that poll a tool: `http.request` against a local HTTP server with scripted answers. Goal: a condition fires at edges, and a
 * failed or slow tool affects only its own trigger.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeId } from '@orrery/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../../tests/support/start-test-core.ts'
import { newId } from '../../../../kernel/src/new-id.ts'

/** Answers of the tool by name, in order; the last one repeats. `broken` is a failure with status 500. */
const answers = new Map<string, unknown[]>()
const asked = new Map<string, number>()
/** The tool does not answer before this promise is resolved. */
const held = new Map<string, Promise<void>>()
const server = createServer(async (request, response) => {
  const name = new URL(request.url ?? '', 'http://x').pathname.slice(1)
  const list = answers.get(name) ?? []
  const answer = list[Math.min(asked.get(name) ?? 0, list.length - 1)]
  asked.set(name, (asked.get(name) ?? 0) + 1)
  await held.get(name)
  if (answer === 'broken') response.writeHead(500).end()
  else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? null))
})
let t: TestCore
let base = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  base = `http://127.0.0.1:${port}`
  t = await startTestCore({ outsideAllow: `127.0.0.1:${port}` })
  await t.deploy()
  await t.core.start()
  t.core.clock.start()
})
afterAll(async () => {
  await t?.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function triggersOf(name: string, condition: string, mode: 'rising' | 'falling' = 'rising') {
  const poll = { uses: 'http.request', with: { url: `${base}/${name}`, query: { on: '${date}' } }, every: '1s' }
  return [{ type: 'condition' as const, poll, condition, mode }]
}

async function watch(name: string, list: unknown[], condition: string, scopes = ['http:request']) {
  answers.set(name, list)
  const given = { name, triggers: triggersOf(name, condition), overlap: 'allow_all' as const }
  // Only pipelines have scopes.
  await t.call('automations.create', { ...given, pipeline: [{ id: 'now', uses: 'time.now' }], scopes })
}

const firings = async (automation: string) => (await t.call('automations.firings', { automation })).items
const troubleOf = async (automation: string) => (await t.call('automations.get', { automation })).triggers[0]?.trouble ?? null
const askedTimes = (name: string, times: number) =>
  eventually(
    async () => asked.get(name) ?? 0,
    (count) => count >= times,
    30_000,
  )

it('polls the tool repeatedly, and fires at the edges but never because of a failure', async () => {
  const left = (n: number) => ({ left: n })
  await watch('level', [left(20), left(5), left(4), 'broken', left(3), left(30), left(2)], 'result.body.left < 10')
  await eventually(
    () => troubleOf('level'),
    (trouble) => trouble?.includes('HttpError') === true,
    30_000,
  )
  expect(await firings('level')).toHaveLength(1)
  await askedTimes('level', 8)
  const rows = await eventually(
    () => firings('level'),
    (all) => all.length === 2,
  )
  expect(rows).toMatchObject([
    { cause: 'condition', outcome: 'started' },
    { cause: 'condition', outcome: 'started' },
  ])
  expect(await troubleOf('level')).toBeNull()
})

it('shows why it cannot be evaluated: a missing scope, or an output that does not fit', async () => {
  await watch('scopeless', [1], 'result.body > 0', [])
  await watch('text', [{ left: 'many' }], 'result.body.left < 10')
  expect(
    await eventually(
      () => troubleOf('scopeless'),
      (trouble) => trouble !== null,
    ),
  ).toContain('ScopeMissing')
  expect(
    await eventually(
      () => troubleOf('text'),
      (trouble) => trouble !== null,
    ),
  ).toContain('compares')
  expect([await firings('scopeless'), await firings('text')]).toEqual([[], []])
})

it('does not poll while its automation is paused, and polls again after it is resumed', async () => {
  await watch('quiet', [1], 'result.body > 5')
  await askedTimes('quiet', 1)
  await t.call('automations.pause', { automation: 'quiet' })
  const before = asked.get('quiet') ?? 0
  await watch('beside', [1], 'result.body > 5')
  await askedTimes('beside', 3)
  expect((asked.get('quiet') ?? 0) - before).toBeLessThanOrEqual(1)
  await t.call('automations.resume', { automation: 'quiet' })
  await askedTimes('quiet', before + 2)
})

it('polls at the next interval after a snooze is shortened or ended', async () => {
  await watch('snoozed', [1], 'result.body > 5')
  await askedTimes('snoozed', 1)
  const nextMs = async () => {
    const { rows } = await t.database.transaction(t.org, 'read only', ({ client }) =>
      client.query<{ at: Date }>(
        `select wakes_at as at from app.trigger where automation_id = (select automation_id from app.automation where name = 'snoozed')`,
      ),
    )
    return rows[0]?.at.getTime() ?? Number.NaN
  }
  await t.call('automations.snooze', { automation: 'snoozed', for: '30d' })
  await eventually(nextMs, (at) => at > Date.now() + 86_400_000)
  await t.call('automations.snooze', { automation: 'snoozed', for: '2s' })
  await askedTimes('snoozed', (asked.get('snoozed') ?? 0) + 1)
  await t.call('automations.snooze', { automation: 'snoozed', for: '30d' })
  await eventually(nextMs, (at) => at > Date.now() + 86_400_000)
  await t.call('automations.resume', { automation: 'snoozed' })
  await askedTimes('snoozed', (asked.get('snoozed') ?? 0) + 1)
})

it('discards an answer if the definition changed during the poll', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  await watch('changed', [1], 'result.body < 5')
  await askedTimes('changed', 1)
  held.set('changed', promise)
  await askedTimes('changed', (asked.get('changed') ?? 0) + 1)
  // The value was true under the old condition. Under the new one there is no earlier value, so the answer must not make an edge.
  await t.call('automations.update', { automation: 'changed', triggers: triggersOf('changed', 'result.body > 5', 'falling') })
  held.delete('changed')
  resolve()
  await askedTimes('changed', (asked.get('changed') ?? 0) + 2)
  expect(await firings('changed')).toEqual([])
})

it('acts as the system in the name of the automation, whatever the name of the tool', async () => {
  const tool = encodeId('run', newId(Date.now()))
  const definition = { description: 'Emits', implementation: { kind: 'builtin', builtIn: 'event.emit' } }
  await t.call('tools.put', { tool, definition: definition as never })
  const triggers = [{ type: 'condition' as const, poll: { uses: tool, with: { topic: 'poll.acted' }, every: '1s' }, condition: 'false' }]
  const scopes = ['events:emit']
  const { id } = await t.call('automations.create', { name: 'acting', triggers, pipeline: [{ id: 'now', uses: 'time.now' }], scopes })
  const emitted = await eventually(
    async () => (await t.call('audit.list', { action: 'event.emitted', limit: 1 })).items,
    (items) => items.length > 0,
  )
  await t.call('automations.delete', { automation: 'acting' })
  expect(emitted).toMatchObject([{ actorType: 'system', actor: 'automations', requestId: id }])
  expect((await t.query('select distinct run_id from engine.event where type = $1', ['poll.acted'])).map(({ run_id: run }) => run)).toEqual(
    [null],
  )
})

it('never polls a trigger twice at once, and a slow tool does not delay others', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  held.set('slow', promise)
  await watch('slow', [1], 'result.body > 5')
  await askedTimes('slow', 1)
  await watch('quick', [1], 'result.body > 5')
  await askedTimes('quick', 4)
  expect(asked.get('slow')).toBe(1)
  held.delete('slow')
  resolve()
  await askedTimes('slow', 2)
})

/** Webhook deliveries up to the run. Goal: one firing per delivery, no hint whether an address exists, and no stored or logged secret. */
import { createHmac } from 'node:crypto'
import type { AutomationDefinition } from '@orrery/contract'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../../tests/support/start-test-core.ts'
import type { Log } from '../../../../kernel/src/context/kernel.ts'
import { listViolations } from '../../../../kernel/src/database/list-violations.ts'
import { sql } from '../../../../kernel/src/database/sql.ts'
import { makeSecretKey, readSecretKeys } from '../../../../kernel/src/secrets/secret-keys.ts'
import { runSweepAt } from '../../testing/run-sweep-at.fixture.ts'
import { resealWebhooks } from './reseal-webhooks.ts'

const logged: unknown[] = []
const log: Log = {
  debug: (...line) => void logged.push(line),
  info: (...line) => void logged.push(line),
  warn: (...line) => void logged.push(line),
  error: (...line) => void logged.push(line),
  child: () => log,
}
const firstKey = makeSecretKey()
let t: TestCore
let count = 0

beforeAll(async () => {
  t = await startTestCore({ log, secrets: readSecretKeys(firstKey) })
  await t.deploy()
})
afterAll(async () => {
  if (t === undefined) return
  expect(await listViolations(t.database)).toEqual([])
  await t.close()
})

type Webhook = Extract<NonNullable<AutomationDefinition['triggers']>[number], { readonly type: 'webhook' }>

async function automate(webhook: Partial<Webhook> = {}, more: Partial<AutomationDefinition> = {}) {
  const name = `hooked-${++count}`
  const workflow = { name: 'greeting', input: { name: '${event.data.who}' } }
  await t.call('automations.create', { name, triggers: [{ type: 'webhook', ...webhook }], workflow, overlap: 'allow_all', ...more })
  return name
}

async function rotate(automation: string) {
  const made = await t.call('automations.rotateWebhook', { automation })
  return { ...made, token: made.url?.split('/').at(-1) ?? '' }
}

type Headers = Readonly<Record<string, string>>
const deliver = (token: string, body: unknown, headers: Headers = {}) =>
  t.core.receiveWebhook({
    token,
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    header: (name) => headers[name] ?? null,
  })
const firings = async (automation: string) => (await t.call('automations.firings', { automation })).items
const gone = { code: 'not_found', detail: 'There is nothing at this address.' }

describe('a webhook', () => {
  it('starts a run for a delivery at its secret address, and the run reads the body', async () => {
    const name = await automate()
    const { token, url, signature, signingSecret } = await rotate(name)
    expect([url, signature, signingSecret]).toEqual([`/hooks/${token}`, 'none', null])
    const { firingId } = await deliver(token, { who: 'Ada' }, { 'content-type': 'application/json' })
    const [row] = await firings(name)
    expect(row).toMatchObject({ id: firingId, cause: 'webhook', outcome: 'started' })
    expect(await t.call('runs.result', { runId: row?.runId ?? '', timeout: '10s' })).toMatchObject({ output: { text: 'Hello Ada' } })
  })

  it('fires once for copies of a delivery, whatever their body, and again for other deliveries', async () => {
    const name = await automate()
    const { token } = await rotate(name)
    const first = await deliver(token, { who: 'a' }, { 'x-github-delivery': 'd1' })
    const copies = await Promise.all([1, 2, 3].map(() => deliver(token, { who: 'b' }, { 'x-github-delivery': 'd1' })))
    expect(copies).toEqual([first, first, first])
    const other = await deliver(token, { who: 'a' }, { 'x-github-delivery': 'd2' })
    await deliver(token, { who: 'a' })
    await deliver(token, { who: 'a' })
    expect(other.firingId).not.toBe(first.firingId)
    expect(await firings(name)).toHaveLength(4)
    const kept = () =>
      t.database.transaction(t.org, 'read only', (tx) =>
        tx.row<{ count: number }>(sql`select count(*)::int as count from app.webhook_delivery`),
      )
    await runSweepAt(t, 'deliveries', Date.now())
    expect((await kept())?.count).toBeGreaterThanOrEqual(2)
    await runSweepAt(t, 'deliveries', Date.now() + 8 * 86_400_000)
    expect((await kept())?.count).toBe(0)
  })

  it('fires once for copies that arrive at the same time', async () => {
    const name = await automate()
    const { token } = await rotate(name)
    const receipts = await Promise.all(Array.from({ length: 8 }, () => deliver(token, { who: 'x' }, { 'webhook-id': 'same' })))
    expect(new Set(receipts.map(({ firingId }) => firingId)).size).toBe(1)
    expect(await firings(name)).toHaveLength(1)
  })

  it('does not fire for deliveries that its filter rejects', async () => {
    const name = await automate({ filter: "event.data.ref == 'main' && event.headers.\"x-github-event\" == 'push'" })
    const { token } = await rotate(name)
    expect(await deliver(token, { ref: 'dev', who: 'x' }, { 'x-github-event': 'push' })).toEqual({ firingId: null })
    expect(await deliver(token, { ref: 'main', who: 'x' })).toEqual({ firingId: null })
    expect((await deliver(token, { ref: 'main', who: 'x' }, { 'x-github-event': 'push' })).firingId).toMatch(/^fir_/)
    expect(await firings(name)).toHaveLength(1)
  })

  it('reads forms as GitHub sends them by default', async () => {
    const name = await automate({ filter: "event.data.who == 'Octocat'" })
    const { token } = await rotate(name)
    const body = `payload=${encodeURIComponent('{"who":"Octocat"}')}`
    expect((await deliver(token, body, { 'content-type': 'application/x-www-form-urlencoded' })).firingId).toMatch(/^fir_/)
    const [row] = await firings(name)
    expect(await t.call('runs.result', { runId: row?.runId ?? '', timeout: '10s' })).toMatchObject({ output: { text: 'Hello Octocat' } })
  })

  it('shows in its state that deliveries like the latest can never fire it, until one can', async () => {
    const troubleOf = async (automation: string) => (await t.call('automations.get', { automation })).triggers[0]?.trouble
    const name = await automate({ filter: "event.data.ref == 'main'" })
    const { token } = await rotate(name)
    await deliver(token, { ref: 'dev' })
    expect(await troubleOf(name)).toBeNull()
    await deliver(token, '{"ref":"main"}', { 'content-type': 'text/plain' })
    expect(await troubleOf(name)).toBe(
      'filter: it reads members of event.data, and the body of the latest delivery was a string (content type: text/plain)',
    )
    await deliver(token, { ref: 'main', who: 'x' })
    expect(await troubleOf(name)).toBeNull()

    const signed = await automate({ signature: 'standard' })
    const secret = await rotate(signed)
    await expect(deliver(secret.token, {}, { 'x-hub-signature-256': 'sha256=00' })).rejects.toMatchObject(gone)
    expect(await troubleOf(signed)).toBe('the latest delivery was refused: it has no webhook-id, webhook-timestamp, webhook-signature')
    const body = '{"who":"Svix"}'
    const [id, timestamp] = ['msg_9', String(Math.floor(Date.now() / 1000))]
    const key = Buffer.from((secret.signingSecret ?? '').slice('whsec_'.length), 'base64')
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
    const headers = { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': `v1,${signature}` }
    const { firingId } = await deliver(secret.token, body, headers)
    expect(firingId).toMatch(/^fir_/)
    expect(await deliver(secret.token, body, headers)).toEqual({ firingId })
    expect(await troubleOf(signed)).toBeNull()
    // A trigger that became signed later has no secret.
    const later = await automate()
    const open = await rotate(later)
    await t.call('automations.update', { automation: later, triggers: [{ type: 'webhook', signature: 'github' }] })
    await expect(deliver(open.token, {})).rejects.toMatchObject(gone)
    expect(await troubleOf(later)).toMatch(/has no signing secret yet/)
  })

  it('answers the same for a wrong, old, deleted and unknown address', async () => {
    const name = await automate()
    await expect(deliver('', {})).rejects.toMatchObject(gone)
    await expect(deliver(`orr_hook_${'A'.repeat(43)}`, {})).rejects.toMatchObject(gone)
    const { token } = await rotate(name)
    const next = await rotate(name)
    await expect(deliver(token, {})).rejects.toMatchObject(gone)
    await deliver(next.token, { who: 'x' })
    await t.call('automations.delete', { automation: name })
    await expect(deliver(next.token, {})).rejects.toMatchObject(gone)
  })

  it('records deliveries that it skips while its automation is paused', async () => {
    const name = await automate()
    const { token } = await rotate(name)
    await t.call('automations.pause', { automation: name })
    const { firingId } = await deliver(token, { who: 'x' })
    expect(await firings(name)).toMatchObject([{ id: firingId, outcome: 'skipped', reason: 'paused' }])
  })

  it('accepts bursts of deliveries, and limits the rate of further ones', async () => {
    const { token } = await rotate(await automate({ filter: 'false' }))
    const outcomes = await Promise.allSettled(Array.from({ length: 140 }, () => deliver(token, {})))
    const refused = outcomes.filter((one) => one.status === 'rejected').map(({ reason }) => reason)
    expect(refused.length).toBeGreaterThan(20)
    for (const one of refused) expect(one).toMatchObject({ code: 'rate_limited', extra: { retryAfterMs: expect.any(Number) } })
  })
})

describe('signatures', () => {
  it('requires signatures of Standard Webhooks if the trigger asks for them', async () => {
    const { token, signingSecret } = await rotate(await automate({ signature: 'standard' }))
    const body = '{"who":"Eve"}'
    const sign = (secret: string | null, atMs = Date.now()): Headers => {
      const [id, timestamp] = ['msg_1', String(Math.floor(atMs / 1000))]
      const key = Buffer.from((secret ?? '').slice('whsec_'.length), 'base64')
      const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
      return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
    }
    for (const headers of [{}, sign(`whsec_${Buffer.alloc(32).toString('base64')}`), sign(signingSecret, Date.now() - 600_000)])
      await expect(deliver(token, body, headers)).rejects.toMatchObject(gone)
    const { firingId } = await deliver(token, body, sign(signingSecret))
    expect(firingId).toMatch(/^fir_/)
    expect(await deliver(token, body, sign(signingSecret))).toEqual({ firingId })
  })

  it('requires signatures of GitHub, and rejects every delivery while there is no secret', async () => {
    const name = await automate({ signature: 'github' })
    const { token, signingSecret } = await rotate(name)
    const body = '{"who":"Octocat"}'
    const sign = (secret: string | null) => ({
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret ?? '')
        .update(body)
        .digest('hex')}`,
    })
    await expect(deliver(token, body)).rejects.toMatchObject(gone)
    await expect(deliver(token, body, sign(''))).rejects.toMatchObject(gone)
    expect((await deliver(token, body, sign(signingSecret))).firingId).toMatch(/^fir_/)
    // The trigger was unsigned when its address was created, so it has no secret, and rejects deliveries until one is created.
    const later = await automate()
    const open = await rotate(later)
    const update = (title: string) =>
      t.call('automations.update', { automation: later, title, triggers: [{ type: 'webhook', signature: 'github' }] })
    const warnings = ['webhook: it receives no deliveries until automations.rotateWebhook creates its address.']
    expect((await update('Signed')).warnings).toEqual(warnings)
    await expect(deliver(open.token, body, sign(''))).rejects.toMatchObject(gone)
    await rotate(later)
    expect((await update('Ready')).warnings).toEqual([])
    expect(
      (await t.call('automations.create', { name: 'unheard', triggers: [{ type: 'webhook' }], workflow: { name: 'greeting' } })).warnings,
    ).toEqual(warnings)
  })

  it('seals signing secrets in the database, reseals them after a rotation of keys, and never shows them again', async () => {
    const name = await automate({ signature: 'standard' })
    const { token, signingSecret } = await rotate(name)
    const client = new pg.Client({ connectionString: t.url })
    await client.connect()
    const { rows } = await client.query<{ row: string }>('select to_json(t)::text as row from app.trigger t where token_hash is not null')
    const stored = rows.map(({ row }) => row).join('\n')
    const kept = await client.query<{ row: string }>(
      'select coalesce(string_agg(to_json(a)::text, $1), $1) as row from app.audit_entry a where a.action = $2',
      ['\n', 'automation.webhook_rotated'],
    )
    await client.end()
    const answers = JSON.stringify([await t.call('automations.get', { automation: name }), await t.call('events.list', { limit: 100 })])
    for (const secret of [token, signingSecret ?? ''])
      for (const place of [stored, kept.rows[0]?.row ?? '', answers, JSON.stringify(logged)]) expect(place).not.toContain(secret)
    const next = readSecretKeys(makeSecretKey() + firstKey)
    expect(await resealWebhooks(t.database, next, log)).toBeGreaterThanOrEqual(1)
    expect(await resealWebhooks(t.database, next, log)).toBe(0)
  })

  it('shows signing secret and address once: a repeated request returns neither', async () => {
    const automation = await automate({ signature: 'github' })
    const ask = () => t.answer('automations.rotateWebhook', { automation }, { idempotencyKey: `rotate-${automation}` })
    expect((await ask()).output).toMatchObject({ url: expect.stringContaining('/hooks/'), signingSecret: expect.any(String) })
    expect(await ask()).toMatchObject({ replayed: true, output: { url: null, signingSecret: null } })
  })

  it('rotates a webhook by the key of its trigger if there are several', async () => {
    const automation = await automate(
      {},
      {
        triggers: [
          { type: 'webhook', key: 'one' },
          { type: 'webhook', key: 'two' },
          { type: 'event', topic: 'x' },
        ],
      },
    )
    await expect(t.call('automations.rotateWebhook', { automation })).rejects.toMatchObject({ code: 'automation.trigger_not_found' })
    await expect(t.call('automations.rotateWebhook', { automation, trigger: 'event' })).rejects.toMatchObject({
      code: 'automation.trigger_not_found',
    })
    expect(await t.call('automations.rotateWebhook', { automation, trigger: 'two' })).toMatchObject({ trigger: 'two' })
  })
})

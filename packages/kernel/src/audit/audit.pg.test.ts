import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { listViolations } from '../database/list-violations.ts'
import { sealAudit } from './seal-audit.ts'

let t: TestCore
let now = Date.now()

beforeAll(async () => {
  t = await startTestCore({ work: false })
})
afterAll(async () => {
  expect(await listViolations(t.database)).toEqual([])
  await t.close()
})

const act = async (times: number, key?: string) => {
  for (let i = 0; i < times; i++) await t.call('queues.pause', { queue: `q${i}` }, key === undefined ? {} : { key })
}
const sealNow = () => sealAudit(t.database, { signer: t.keys.signer, now: (now += 120_000), signEveryMs: 60_000 })

/** Seals when every entry may be sealed: older transactions hold it back, also those of other tests in other databases of this PostgreSQL. */
async function seal(): Promise<number> {
  const held = `select count(*)::int as held from app.audit_entry where tx >= pg_snapshot_xmin(pg_current_snapshot())`
  await eventually(
    () => t.query<{ held: number }>(held),
    ([row]) => row?.held === 0,
    60_000,
  )
  return sealNow()
}

/** Runs SQL as the owner of the tables with triggers off, as an attacker with full access to the database could. */
async function tamper(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: t.url })
  await client.connect()
  await client.query(`set session_replication_role = replica; set role orrery_owner; ${text}`)
  await client.end()
}

describe('sealing, audit.list and audit.verify', () => {
  it('chains the entries of each organization in commit order and signs the head', async () => {
    const key = await t.otherOrg('chained')
    await act(3)
    await act(2, key)
    expect(await t.call('audit.verify', {})).toMatchObject({ ok: true, sealed: 0, checkpoints: 0 })
    await seal()
    expect(await seal()).toBe(0)
    // One entry for the created organization and three for the queues.
    expect(await t.call('audit.verify', {})).toEqual({ ok: true, sealed: 4, unsealed: 0, checkpoints: 1, signedThrough: 4, faults: [] })
    expect(await t.call('audit.verify', {}, { key })).toMatchObject({ ok: true, sealed: 2, signedThrough: 2 })
    const { items } = await t.call('audit.list', {})
    expect(items.map(({ seal }) => seal?.seq)).toEqual([4, 3, 2, 1])
  })

  it('continues after the last sealed entry, with one sealer at a time', async () => {
    await act(2)
    const [first, second] = await Promise.all([seal(), seal()])
    expect(Math.max(first, second)).toBe(2)
    expect(await t.call('audit.verify', {})).toMatchObject({ ok: true, sealed: 6, signedThrough: 6, checkpoints: 2 })
  })

  it('does not seal entries while an older transaction is in progress', async () => {
    const client = new pg.Client({ connectionString: t.url })
    await client.connect()
    await client.query('begin; select pg_current_xact_id()')
    await act(1)
    expect(await sealNow()).toBe(0)
    await client.query('commit')
    await client.end()
    expect(await seal()).toBe(1)
  })

  it('lists entries by action, subject and time, page by page', async () => {
    const all = await t.call('audit.list', {
      action: 'queue.paused',
      subject: 'q0',
      since: '2020-01-01T00:00:00Z',
      until: '2999-01-01T00:00:00Z',
    })
    expect(all.items.length).toBeGreaterThan(1)
    const first = await t.call('audit.list', { action: 'queue.paused', subject: 'q0', limit: 1 })
    const second = await t.call('audit.list', { action: 'queue.paused', subject: 'q0', limit: 1, cursor: first.nextCursor ?? '' })
    expect([...first.items, ...second.items]).toEqual(all.items.slice(0, 2))
  })

  it('reports a changed entry and a removed end of the log', async () => {
    const subject = `(select entry_id from app.audit_seal where org_id = '${t.org}' and seq = 2)`
    await tamper(`update app.audit_entry set subject = 'other' where id = ${subject}`)
    expect(await t.call('audit.verify', {})).toMatchObject({ ok: false, faults: [{ seq: 2, message: expect.stringContaining('changed') }] })
    await tamper(`update app.audit_entry set subject = 'q0' where id = ${subject}`)
    expect(await t.call('audit.verify', {})).toMatchObject({ ok: true })

    await tamper(
      `create table app.kept as select * from app.audit_seal where org_id = '${t.org}' and seq = 7;
       delete from app.audit_seal where org_id = '${t.org}' and seq = 7`,
    )
    expect(await t.call('audit.verify', {})).toMatchObject({
      ok: false,
      faults: [{ seq: 7, message: expect.stringContaining('end of the log') }],
    })
    await tamper('insert into app.audit_seal select * from app.kept; drop table app.kept')
    expect(await t.call('audit.verify', {})).toMatchObject({ ok: true })
  })

  it('runs a single query when there is nothing to seal and nothing to sign', async () => {
    while ((await seal()) > 0);
    const asked = vi.spyOn(pg.Client.prototype, 'query')
    expect(await sealNow()).toBe(0)
    expect(asked).toHaveBeenCalledTimes(1)
    asked.mockRestore()
    await act(1)
    expect(await seal()).toBe(1)
  })
})

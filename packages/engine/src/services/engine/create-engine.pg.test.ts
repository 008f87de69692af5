import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TransactionalEngine } from '../../api.ts'
import { buildBundle } from '../../bundle/build-bundle.ts'
import { openWorld, type PostgresWorld } from '../../store/postgres/test-database.ts'
import { createEngine } from './create-engine.ts'

/** An operation with a caller's transaction takes effect when that transaction commits, and leaves nothing after a rollback. */
type Operation = (engine: TransactionalEngine<pg.ClientBase>, tx: pg.ClientBase | undefined, subject: Subject) => Promise<unknown>

interface Subject {
  readonly org: string
  /** A run that waits for a worker, a paused one, and a failed one. */
  readonly ready: string
  readonly paused: string
  readonly failed: string
}

const operations: Readonly<Record<string, Operation>> = {
  start: (engine, tx, { org }) => engine.start({ org, workflow: 'five', input: 1 }, tx),
  signal: (engine, tx, { org, ready }) => engine.signal(org, ready, 'go', 1, {}, tx),
  cancel: (engine, tx, { org, ready }) => engine.cancel(org, ready, 'not wanted', {}, tx),
  pause: (engine, tx, { org, ready }) => engine.pause(org, ready, tx),
  resume: (engine, tx, { org, paused }) => engine.resume(org, paused, {}, tx),
  retry: (engine, tx, { org, failed }) => engine.retry(org, failed, {}, tx),
  fork: (engine, tx, { org, failed }) => engine.fork(org, failed, 1, {}, tx),
  deploy: (engine, tx, { org }) => engine.deploy(org, { ...bundle, hash: 'another' }, tx),
  setLimit: (engine, tx, { org }) => engine.setLimit(org, 'lane', 3, tx),
  setQueuePaused: (engine, tx, { org }) => engine.setQueuePaused(org, 'default', true, tx),
  appendEvents: (engine, tx, { org }) => engine.appendEvents([{ org, type: 'x', subject: 'y', data: '1', at: 0 }], tx),
  startMany: (engine, tx, { org }) =>
    tx === undefined ? engine.start({ org, workflow: 'five', input: 1 }) : engine.startMany([{ org, workflow: 'five', input: 1 }], tx),
}

const root = fileURLToPath(new URL('..', import.meta.url))
const bundle = await buildBundle({ entries: ['fixtures/workflows.ts'], root })
let pw: PostgresWorld
let engine: TransactionalEngine<pg.ClientBase>
let admin: pg.Client
beforeAll(async () => {
  pw = await openWorld()
  admin = await pw.connect('orrery_engine')
  engine = createEngine({ store: pw.store, notifier: pw.store.notifier })
})
afterAll(() => pw.close())

async function newSubject(): Promise<Subject> {
  const { world, store } = pw
  const org = world.id()
  const me = await world.worker()
  await engine.deploy(org, bundle)
  const failed = await world.running(me, { org, workflow: 'five', bundle: bundle.hash })
  const error = { name: 'Error', message: 'x', kind: 'error' } as const
  await world.flush(me, { finishes: [world.finish(failed, { org, status: 'failed', output: null, error })] })
  const paused = await world.ready({ org })
  await store.setPause(org, paused, true)
  return { org, ready: await world.ready({ org }), paused, failed }
}

const TABLES = ['run', 'live', 'journal', 'result', 'inbox', 'event', 'flow_limit', 'queue_control', 'bundle', 'workflow_default']

/** All rows of the org in the engine's tables. */
async function look(org: string): Promise<unknown> {
  const parts = TABLES.map((name) => `select '${name}' as name, t::text as row from engine.${name} t where org_id = $1`)
  return (await admin.query(`${parts.join(' union all ')} order by 1, 2`, [org])).rows
}

it.each(Object.entries(operations))("%s takes effect with the caller's transaction, or not at all", async (_name, operate) => {
  const subject = await newSubject()
  const before = await look(subject.org)
  const tx = await pw.connect('orrery_app', subject.org)
  await tx.query('begin')
  await operate(engine, tx, subject)
  expect(await look(subject.org)).toEqual(before)
  await tx.query('rollback')
  expect(await look(subject.org)).toEqual(before)
  await tx.query('begin')
  await operate(engine, tx, subject)
  await tx.query('commit')
  expect(await look(subject.org)).not.toEqual(before)
})

it.each(Object.entries(operations))('%s takes effect by itself without a transaction', async (_name, operate) => {
  const subject = await newSubject()
  const before = await look(subject.org)
  await operate(engine, undefined, subject)
  expect(await look(subject.org)).not.toEqual(before)
})

it('stores a bundle without making it a default', async () => {
  const { org } = await newSubject()
  await engine.saveBundle(org, { ...bundle, hash: 'spare' })
  expect(await pw.store.bundle(org, 'spare')).toMatchObject({ code: bundle.code })
  expect(await pw.store.defaultBundle(org, 'five')).toBe(bundle.hash)
})

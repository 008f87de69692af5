/**
 * A debounced run takes another input until it begins. Goal: what reads its rows and its input one after the other, over a connection that
 * may stall in between, never combines the rows of one input with another.
 */
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { Engine } from '../api.ts'
import { buildBundle } from '../bundle/build-bundle.ts'
import { pause } from '../clock.ts'
import { createMemoryDatabase } from '../store/memory/create-memory-store.ts'
import { seeded } from '../store/memory/random.ts'
import type { RunId } from '../store/store.ts'
import { addTransactions } from '../testing/simulation/wrap-store.ts'
import { createVirtualClock, runUntil } from '../testing/virtual-clock.ts'
import { stepRegistry } from '../workflow/step-registry.ts'
import { createEngine } from './engine/create-engine.ts'
import './fixtures/workflows.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
const bundle = await buildBundle({ entries: ['fixtures/workflows.ts'], root })
const settled = bundle.manifest.workflows.filter(({ name }) => name === 'settled')
const onlySettled = { ...bundle, manifest: { ...bundle.manifest, workflows: settled } }
const org = '00000000-0000-7000-8000-000000000001'

const CALLS = ['live', 'history', 'run', 'result'] as const

/** Uses a pending run by `use` in a process whose connection stalls after one call. Meanwhile the run takes another input, and ends. */
async function useSlowly<T>(stalls: (typeof CALLS)[number], use: (engine: Engine, run: RunId) => Promise<T>) {
  const clock = createVirtualClock()
  const database = createMemoryDatabase({ clock })
  const connect = () => addTransactions(database.connect(clock))
  const store = connect()
  let isStalling = true
  const slow = async (...which: readonly [string, string, number]) => {
    const answer = await store[stalls](...which)
    if (isStalling) await pause(clock, 60_000)
    isStalling = false
    return answer
  }
  const open = (own: ReturnType<typeof connect>) => createEngine({ store: own, notifier: own.notifier, clock, random: seeded(1) })
  const [engine, elsewhere] = [open(connect()), open({ ...store, [stalls]: slow })]
  const until = <R>(promise: Promise<R>) => runUntil(clock, promise)
  await until(engine.deploy(org, bundle))
  await until(engine.work({ steps: stepRegistry() }))
  const start = (value: number) => until(engine.start({ org, workflow: 'settled', input: { id: 'a', value } }))
  const started = await start(1)
  const run = 'run' in started ? started.run : ''
  const using = use(elsewhere, run)
  await start(2)
  await until(engine.result(org, run, 30_000))
  const used = await until(using)
  const outputOf = async (each: RunId) => (await until(engine.result(org, each, 30_000)))?.output
  const outputs = [
    await outputOf(run),
    used !== null && typeof used === 'object' && 'run' in used ? await outputOf(String(used.run)) : null,
  ]
  const violations = await until(database.connect(clock).violations())
  await until(engine.close())
  return { used, outputs, violations }
}

it.each(CALLS)('a fork copies the input that its rows belong to (stalls after %s)', async (stalls) => {
  const { outputs, violations } = await useSlowly(stalls, (engine, run) => engine.fork(org, run, 2))
  // A fork with rows of one input and the other input is blocked, so it has no output.
  expect([
    ['2', '1'],
    ['2', '2'],
  ]).toContainEqual(outputs)
  expect(violations).toEqual([])
})

it.each(CALLS)('a retry repeats no earlier state of a run that had not ended (stalls after %s)', async (stalls) => {
  const { outputs, violations } = await useSlowly(stalls, (engine, run) => engine.retry(org, run))
  expect(outputs).toEqual(['2', null])
  expect(violations).toEqual([])
})

it.each(CALLS)('a query replays the input that the rows belong to (stalls after %s)', async (stalls) => {
  const { used } = await useSlowly(stalls, (engine, run) => engine.query(org, run, 'value', null))
  expect(used).toMatchObject({ ok: true })
})

it.each(CALLS)('the check of a deploy replays the input that the rows belong to (stalls after %s)', async (stalls) => {
  const { used } = await useSlowly(stalls, async (engine) => {
    const findings = []
    for await (const finding of engine.checkDeploy(org, onlySettled)) findings.push(finding)
    return findings
  })
  expect(used.filter(({ ok }) => !ok)).toEqual([])
})

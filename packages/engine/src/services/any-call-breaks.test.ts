import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { buildBundle } from '../bundle/build-bundle.ts'
import { createMemoryDatabase } from '../store/memory/create-memory-store.ts'
import { type CallFault, noFault } from '../store/memory/faults.ts'
import { seeded } from '../store/memory/random.ts'
import { addTransactions } from '../testing/simulation/wrap-store.ts'
import { createVirtualClock, runUntil } from '../testing/virtual-clock.ts'
import type { Json } from '../workflow/protocol.ts'
import { stepRegistry } from '../workflow/step-registry.ts'
import { createEngine } from './engine/create-engine.ts'
import './fixtures/workflows.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
const bundle = await buildBundle({ entries: ['fixtures/workflows.ts'], root })
const org = '00000000-0000-7000-8000-000000000001'

interface Ending {
  readonly status: string | undefined
  readonly output: unknown
  /** Whether the run's history can be replayed by its code. */
  readonly replays: boolean | undefined
  readonly violations: readonly unknown[]
  /** Workflows of the runs that never ended. */
  readonly left: readonly string[]
}

/** Runs one workflow in one process with a virtual clock and returns how it ended. The connection breaks at the named calls. */
async function runOnce(workflow: string, input: Json, breaks: ReadonlyMap<number, CallFault['broken']>) {
  const clock = createVirtualClock()
  let calls = 0
  const call = (): CallFault => ({ ...noFault, beforeMs: 1, afterMs: 1, broken: breaks.get(calls++) ?? 'no' })
  const database = createMemoryDatabase({ clock, faults: { call, hint: () => ({ lost: false, delayMs: 1 }) } })
  const store = addTransactions(database.connect(clock))
  const engine = createEngine({ store, notifier: store.notifier, clock, random: seeded(1) })
  const until = <T>(promise: Promise<T>) => runUntil(clock, promise)
  await until(engine.deploy(org, bundle))
  await until(engine.work({ steps: stepRegistry(), slots: 2 }))
  const first = calls
  const runId = '019b76da-a800-7000-8000-000000000002'
  const start = async (): Promise<unknown> => engine.start({ org, workflow, input, runId }).catch(start)
  await until(start())
  // By then a parent that waits for a child is parked.
  await clock.advance(500)
  await until(engine.signal(org, runId, 'go', 'on').catch(() => engine.signal(org, runId, 'go', 'on')))
  const answer = await until(engine.result(org, runId, 60_000).catch(() => engine.result(org, runId, 60_000)))
  // Lets children that were asked to stop end.
  await clock.advance(10_000)
  const last = calls
  const replayed = await until(engine.query(org, runId, 'none', null))
  const ending: Ending = {
    status: answer?.status,
    output: answer?.output,
    replays: replayed?.ok === false && replayed.error.name !== 'ReplayError',
    violations: await until(store.violations()),
    left: (await until(store.liveRuns(org, null, null, 10))).map((live) => live.workflow),
  }
  return { ending, first, last }
}

it.each([
  ['five', 1],
  ['tries', 2],
  ['parent', 3],
  ['host', 1],
  ['ledger', 8],
  ['launcher', null],
  ['contest', null],
  ['marked', null],
  ['watchful', null],
  ['counter', { left: 3, sum: 0 }],
  ['deserter', null],
  ['chooser', null],
] as const)(
  '"%s" ends the same for a broken connection at any single call',
  async (workflow, input) => {
    const undisturbed = await runOnce(workflow, input, new Map())
    expect(undisturbed.ending).toMatchObject({ replays: true, violations: [], left: [] })
    for (let at = undisturbed.first; at < undisturbed.last; at++) {
      for (const broken of ['before', 'after'] as const) {
        const { ending } = await runOnce(workflow, input, new Map([[at, broken]]))
        expect({ at, broken, ...ending }).toEqual({ at, broken, ...undisturbed.ending })
      }
    }
  },
  30_000,
)

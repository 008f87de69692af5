import { createMemoryStore } from '../../store/memory/create-memory-store.ts'
import { seeded } from '../../store/memory/random.ts'
import type { Message, RunId, Store, WorkerId } from '../../store/store.ts'
import { newUuid } from '../../uuid.ts'
import { newWorld, type World } from '../store-suite/world.ts'
import { createVirtualClock, type VirtualClock } from '../virtual-clock.ts'

export type Side = 'memory' | 'postgres'

/** Two stores that get the same calls. Ids are the same in both, except those that a store generates. */
export interface Pair
  extends Pick<
    World,
    'org' | 'queue' | 'row' | 'start' | 'admitted' | 'journal' | 'message' | 'childEnd' | 'cancellation' | 'park' | 'finish' | 'id' | 'now'
  > {
  readonly stores: Readonly<Record<Side, Store>>
  readonly clock: VirtualClock
  readonly runs: RunId[]
  readonly messages: Message[]
  readonly workers: Readonly<Record<Side, WorkerId>>[]
}

export async function newPair(postgres: Store): Promise<Pair> {
  // Rows are built at the real database's time, so that their ids fall into its partitions.
  const world = await newWorld({ store: postgres, other: postgres, until: async () => {}, ageBeats: async () => {}, close: async () => {} })
  const clock = createVirtualClock({ startAt: world.now })
  const memory = createMemoryStore({ clock })
  const random = seeded(2)
  let count = 0
  return {
    ...world,
    id: () => newUuid(world.now + count++, random),
    stores: { memory, postgres },
    clock,
    runs: [],
    messages: [],
    workers: [],
  }
}

/** The result of an action in a form that both stores share, without ids of workers and without a store's own times. */
export async function both(pair: Pair, act: (store: Store, side: Side) => Promise<unknown>): Promise<Record<Side, unknown>> {
  // Time moves between actions in both stores, so that an earlier action produces an earlier rank.
  await pair.clock.advance(1)
  const memory = await outcome(pair, 'memory', act)
  const postgres = await outcome(pair, 'postgres', act)
  return { memory, postgres }
}

async function outcome(pair: Pair, side: Side, act: (store: Store, side: Side) => Promise<unknown>): Promise<unknown> {
  try {
    return normalize(pair, side, await act(pair.stores[side], side))
  } catch (error) {
    return { threw: error instanceof Error ? error.name : String(error) }
  }
}

/**
 * Replaces a store's own times by "some" and ids of workers by their numbers, and removes ids of messages, some of which stores generate.
 */
function normalize(pair: Pair, side: Side, value: unknown): unknown {
  const names = new Map(pair.workers.map((worker, index) => [worker[side], `worker ${index}`]))
  const walk = (part: unknown): unknown => {
    if (typeof part === 'string') return names.get(part) ?? part
    if (Array.isArray(part)) return part.map(walk)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).flatMap(([name, each]) => field(name, each)))
  }
  const field = (name: string, each: unknown): [string, unknown][] => {
    if (name === 'wakes' || name === 'id' || name === 'reaped') return []
    if (name === 'at' || name === 'nextAt' || name === 'now' || name === 'startedAt') return [[name, each === null ? null : 'some']]
    if (name === 'message') return [[name, 'text']]
    return [[name, walk(each)]]
  }
  return walk(value)
}

/** Reads everything visible of the pair's runs. */
export async function readState(pair: Pair, touched: RunId | null): Promise<Record<Side, unknown>> {
  return both(pair, async (store) => {
    const inbox = touched === null ? null : await store.inbox(pair.org, touched)
    return {
      live: await store.liveRuns(pair.org, null, null, 1000),
      run: touched && (await store.run(pair.org, touched)),
      result: touched && (await store.result(pair.org, touched)),
      history: touched && (await store.history(pair.org, touched, 0)),
      inbox: inbox && { ...inbox, messages: inbox.messages.map(({ id: _, ...rest }) => JSON.stringify(rest)).sort() },
    }
  })
}

import { createMemoryStore } from '../../store/memory/create-memory-store.ts'
import { seeded } from '../../store/memory/random.ts'
import type { Message, RunId, Store, WorkerId } from '../../store/store.ts'
import { newUuid } from '../../uuid.ts'
import { newWorld, type World } from '../store-suite/world.ts'
import { createVirtualClock, type VirtualClock } from '../virtual-clock.ts'

export type Side = 'memory' | 'postgres'

/** The same story told to two stores. Ids are the same in both, but for those that a store gives out. */
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
  // Rows are built at the time of the real database, so that their ids fall into its partitions.
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

/** What came of an action, in terms that both stores share: no ids of workers and no times of a store's own. */
export async function both(pair: Pair, act: (store: Store, side: Side) => Promise<unknown>): Promise<Record<Side, unknown>> {
  // Time moves between actions in both, so that what happened earlier has an earlier rank.
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

/** Own times become "some", ids of workers their numbers; ids of messages go, since a store makes some itself. */
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

/** Everything that can be seen of the pair's runs. */
export async function lookAt(pair: Pair, touched: RunId | null): Promise<Record<Side, unknown>> {
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

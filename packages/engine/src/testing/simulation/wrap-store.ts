import { emptyBatch } from '../../store/empty-batch.ts'
import type { MemoryStore } from '../../store/memory/create-memory-store.ts'
import type { SqlTransaction } from '../../store/store.ts'

type Method = (...args: readonly unknown[]) => Promise<unknown>

/** A store whose calls all go through `around`. */
function wrapStore(store: MemoryStore, around: (name: string, method: Method) => Method): MemoryStore {
  const members = Object.entries(store).map(([name, member]) => [
    name,
    typeof member === 'function' ? around(name, member as Method) : member,
  ])
  // Each method keeps its arguments and its result.
  return Object.fromEntries(members) as MemoryStore
}

/** Whether the process dies with a call, and whether the call was sent before that. */
export type Fate = 'lives' | 'dies before' | 'dies after'

/** Lets a process die at any call, so that it can die between any two of its actions. A dead process makes no calls. */
export function killableStore(store: MemoryStore, isAlive: () => boolean, fateOf: (name: string) => Fate): MemoryStore {
  const never = new Promise<never>(() => {})
  return wrapStore(store, (name, method) => (...args) => {
    if (!isAlive() || fateOf(name) === 'dies before') return never
    const answer = method(...args)
    return isAlive() ? answer : never
  })
}

/** Adds transactional steps to a store without SQL: writes the step's journal row as the real store does, and nothing else. */
export function addTransactions(store: MemoryStore): MemoryStore {
  const noSql: SqlTransaction = { query: () => Promise.reject(new Error('the memory store has no SQL')) }
  return {
    ...store,
    transact: async (worker, body) => {
      const row = await body(noSql)
      await store.flush({ ...emptyBatch, worker, journal: [row] })
      return row
    },
  }
}

/** Reports every call and its result, to debug a seed. Does not change what happens. */
export function watchStore(store: MemoryStore, say: (line: string) => void): MemoryStore {
  return wrapStore(store, (name, method) => (...args) => {
    const asked = `${name} ${describe(args)}`
    const answer = method(...args)
    answer.then(
      (value) => say(`  ${asked} => ${describe(value)}`),
      (error: unknown) => say(`  ${asked} => ${String(error)}`),
    )
    return answer
  })
}

const DESCRIPTION_MAX = 2000

/** JSON without empty or uninteresting fields. */
function describe(value: unknown): string {
  const isDull = (key: string, each: unknown): boolean =>
    key === 'org' || key === 'bundle' || key === 'code' || each === null || (Array.isArray(each) && each.length === 0)
  const text = JSON.stringify(value, (key, each: unknown) => (key !== '' && isDull(key, each) ? undefined : each)) ?? ''
  return text.length > DESCRIPTION_MAX ? `${text.slice(0, DESCRIPTION_MAX)}…` : text
}

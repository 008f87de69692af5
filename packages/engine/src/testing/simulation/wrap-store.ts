import { emptyBatch } from '../../store/empty-batch.ts'
import type { MemoryStore } from '../../store/memory/create-memory-store.ts'
import type { SqlTransaction } from '../../store/store.ts'

type Method = (...args: readonly unknown[]) => Promise<unknown>

/** The same store with every call made by `around` instead. */
function wrapStore(store: MemoryStore, around: (name: string, method: Method) => Method): MemoryStore {
  const members = Object.entries(store).map(([name, member]) => [
    name,
    typeof member === 'function' ? around(name, member as Method) : member,
  ])
  // Each method takes what it took and answers what it answered.
  return Object.fromEntries(members) as MemoryStore
}

/** When a process dies of a call: with the call on its way, or not. */
export type Fate = 'lives' | 'dies before' | 'dies after'

/** A process may die of any call, which is how it comes to die between any two things it does; and a dead one calls nobody. */
export function endangerStore(store: MemoryStore, isAlive: () => boolean, meet: (name: string) => Fate): MemoryStore {
  const never = new Promise<never>(() => {})
  return wrapStore(store, (name, method) => (...args) => {
    if (!isAlive() || meet(name) === 'dies before') return never
    const answer = method(...args)
    return isAlive() ? answer : never
  })
}

/** Transactional steps on a store without SQL: their record is written as the real one does it, and there is nothing else to write. */
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

/** Tells what every call asks and how it is answered, for whoever looks at one seed; what happens stays as it is. */
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

/** JSON without what is empty and what says nothing. */
function describe(value: unknown): string {
  const isDull = (key: string, each: unknown): boolean =>
    key === 'org' || key === 'bundle' || key === 'code' || each === null || (Array.isArray(each) && each.length === 0)
  const text = JSON.stringify(value, (key, each: unknown) => (key !== '' && isDull(key, each) ? undefined : each)) ?? ''
  return text.length > DESCRIPTION_MAX ? `${text.slice(0, DESCRIPTION_MAX)}…` : text
}

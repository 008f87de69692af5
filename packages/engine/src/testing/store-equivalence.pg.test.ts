/**
 * The memory store and the PostgreSQL store return the same results for any sequence of calls, so a simulation over the one is evidence
 * about the other. `EQUIVALENCE_RUNS` (300) and `EQUIVALENCE_SEED` choose the number of sequences and the seed.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase } from '../../../../tests/support/database.ts'
import { createPostgresStore, type PostgresStore } from '../store/postgres/create-postgres-store.ts'
import { type Action, actions, plans } from './equivalence-suite/actions.ts'
import { both, newPair, readState } from './equivalence-suite/pair.ts'

const numRuns = Number(process.env.EQUIVALENCE_RUNS ?? 300)
const seed = Number(process.env.EQUIVALENCE_SEED ?? 20_260_101)

let postgres: PostgresStore
let drop: () => Promise<void>

beforeAll(async () => {
  const database = await createTestDatabase()
  postgres = createPostgresStore({ url: database.url, listen: false })
  drop = database.drop
})

afterAll(async () => {
  await postgres.close()
  await drop()
})

/** Most actions are impossible without a worker. */
const first: Action = { name: 'register', pick: 0, option: 0 }

async function perform(sequence: readonly Action[]): Promise<number> {
  const pair = await newPair(postgres)
  let done = 0
  for (const action of [first, ...sequence]) {
    const operation = await plans[action.name]?.plan(pair, action.pick, action.option)
    if (!operation) continue
    done++
    const answers = await both(pair, operation.act)
    expect(answers.postgres, JSON.stringify(action)).toEqual(answers.memory)
    const seen = await readState(pair, operation.run)
    expect(seen.postgres, `after ${JSON.stringify(action)}`).toEqual(seen.memory)
  }
  expect(await pair.stores.memory.violations()).toEqual([])
  return done
}

it(`both stores return the same results (${numRuns} sequences of up to 60 calls, seed ${seed})`, { timeout: 1_200_000 }, async () => {
  let calls = 0
  const property = fc.asyncProperty(actions(60), async (sequence) => {
    calls += await perform(sequence)
  })
  await fc.assert(property, { numRuns, seed })
  expect(await postgres.violations()).toEqual([])
  console.log(`${calls} calls in ${numRuns} sequences returned the same results`)
})

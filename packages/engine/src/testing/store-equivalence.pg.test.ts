/**
 * The memory store and the Postgres store give the same answers to any sequence of calls. That is what makes a
 * simulation over the one say something about the other. `EQUIVALENCE_RUNS` (300) and `EQUIVALENCE_SEED` change the dose.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase } from '../../../../tests/support/database.ts'
import { createPostgresStore, type PostgresStore } from '../store/postgres/create-postgres-store.ts'
import { type Action, actions, plans } from './equivalence-suite/actions.ts'
import { both, lookAt, newPair } from './equivalence-suite/pair.ts'

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

/** Without a worker most actions make no sense. */
const first: Action = { name: 'register', pick: 0, option: 0 }

async function tell(story: readonly Action[]): Promise<number> {
  const pair = await newPair(postgres)
  let done = 0
  for (const action of [first, ...story]) {
    const deed = await plans[action.name]?.plan(pair, action.pick, action.option)
    if (!deed) continue
    done++
    const answers = await both(pair, deed.act)
    expect(answers.postgres, JSON.stringify(action)).toEqual(answers.memory)
    const seen = await lookAt(pair, deed.run)
    expect(seen.postgres, `after ${JSON.stringify(action)}`).toEqual(seen.memory)
  }
  expect(await pair.stores.memory.violations()).toEqual([])
  return done
}

it(`gives the same answers from both stores (${numRuns} sequences of up to 60 calls, seed ${seed})`, { timeout: 1_200_000 }, async () => {
  let calls = 0
  const property = fc.asyncProperty(actions(60), async (story) => {
    calls += await tell(story)
  })
  await fc.assert(property, { numRuns, seed })
  expect(await postgres.violations()).toEqual([])
  console.log(`${calls} calls in ${numRuns} sequences gave the same answers`)
})

/** A separate process that does one step of an erasure after the other, and prints a line before each commit. */
import { createEngine } from '@orrery/engine'
import { createPostgresStore } from '@orrery/engine/postgres'
import { createDatabase } from '../database/database.ts'
import { doErasure } from './do-erasure.ts'

const [url = ''] = process.argv.slice(2)
const database = createDatabase({ url })
const store = createPostgresStore({ url })
const engine = createEngine({ store, notifier: store.notifier })
const clock = { now: () => Date.now() }
const survey: typeof database.survey = (work) =>
  database.survey(async (tx) => {
    const done = await work(tx)
    console.log('a step is done and not committed')
    await new Promise((resolve) => process.stdin.once('data', resolve))
    return done
  })
while (await doErasure({ database: { ...database, survey }, engine, clock }));

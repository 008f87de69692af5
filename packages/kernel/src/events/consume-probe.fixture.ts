/**
 * A separate process that consumes events and prints the subject of each one. Its handler never returns for an event of the type
 * `test.hang`.
 */
import { createDatabase } from '../database/database.ts'
import { createEventConsumer } from './consume-events.ts'
import { createEventTail } from './event-tail.ts'

const [url = '', name = ''] = process.argv.slice(2)
const log = { debug() {}, info() {}, warn: console.error, error: console.error, child: () => log }
const database = createDatabase({ url })
const tail = createEventTail({ database, notifier: null, log, pollMs: 50 })
const consumer = createEventConsumer(
  { database, tail, log, leaseMs: 400 },
  {
    name,
    begin: 'now',
    async handle(events) {
      for (const { event } of events) {
        console.log(event.subject)
        if (event.type === 'test.hang') await new Promise(() => setInterval(() => {}, 1000))
      }
    },
  },
)
await consumer.start()

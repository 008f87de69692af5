/** A separate process that relays events to Redis until it is killed. */
import { createDatabase } from '../../../kernel/src/database/database.ts'
import { createEventConsumer } from '../../../kernel/src/events/consume-events.ts'
import { createEventTail } from '../../../kernel/src/events/event-tail.ts'
import { createRedisRelay } from './redis-relay.ts'

const [databaseUrl = '', url = '', prefix = ''] = process.argv.slice(2)
const log = { debug() {}, info() {}, warn() {}, error: console.error, child: () => log }
const database = createDatabase({ url: databaseUrl })
const tail = createEventTail({ database, notifier: null, log, pollMs: 20 })
const relay = createRedisRelay({ database, log }, { url, prefix, lengthMax: 1_000_000 })
await createEventConsumer({ database, tail, log, leaseMs: 500 }, relay.consumer).start()
console.log('ready')

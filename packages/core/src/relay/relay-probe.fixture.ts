/** A process of its own that relays events to Redis until it is killed. */
import { createDatabase } from '../../../kernel/src/database/database.ts'
import { EventTail } from '../../../kernel/src/events/event-tail.ts'
import { createRedisRelay } from './redis-relay.ts'

const [databaseUrl = '', url = '', prefix = ''] = process.argv.slice(2)
const log = { debug() {}, info() {}, warn() {}, error: console.error, child: () => log }
const database = createDatabase({ url: databaseUrl })
const tail = new EventTail({ database, notifier: null, log, pollMs: 20 })
await createRedisRelay({ database, tail, log }, { url, prefix, lengthMax: 1_000_000 }).start()
console.log('ready')

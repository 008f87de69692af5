/** One process that fires schedules, for a test to kill. The test can set its clock. */
import { createCore } from '@orrery/core'
import { createEngine } from '@orrery/engine'
import { createPostgresStore } from '@orrery/engine/postgres'
import { createDatabase, makeSecretKey, makeSigningKey, readAuditKeys, readSecretKeys, readTokenKeys } from '@orrery/kernel'
import { createAutomationsFeature } from '../../packages/core/src/automations/feature.ts'
import { createDueClock } from '../../packages/kernel/src/due/due-clock.ts'

const url = process.argv[2] ?? ''
const store = createPostgresStore({ url, poolMax: 2 })
const engine = createEngine({ store, notifier: store.notifier })
const database = createDatabase({ url, poolMax: 3 })
const log = {
  debug: () => {},
  info: () => {},
  warn: (_: object, message: string) => console.log(message),
  error: (fields: object, message: string) => console.log(message, fields),
  child: () => log,
}

let stepMs = 0
process.on('message', (message: { readonly stepMs: number }) => {
  stepMs += message.stepMs
})
process.on('disconnect', () => process.exit(0))

const keys = { audit: readAuditKeys(makeSigningKey()), secrets: readSecretKeys(makeSecretKey()), tokens: readTokenKeys(makeSigningKey()) }
const { kernel } = createCore({ database, engine, notifier: store.notifier, log, version: 'test', ...keys })
const kinds = createAutomationsFeature(kernel, () => undefined).due ?? []
createDueClock({ kernel, kinds, notifier: store.notifier, now: () => Date.now() + stepMs, pollMs: 500 }).start()
process.send?.('ready')

/** The rules of the product, without a face: what the server composes. */
import { fileURLToPath } from 'node:url'

export type { ScheduleFact } from './automations/due/fire-schedules.ts'
export { toPriority, toRank } from './automations/planning/priority-rank.ts'
export { type Core, type CoreOptions, createCore } from './create-core.ts'
export type { RelayStatus } from './relay/redis-relay.ts'

/** For `migrate`: apply it after the engine's set. */
export const coreMigrations = { name: 'core', directory: fileURLToPath(new URL('../migrations', import.meta.url)) } as const

export { ServerTooOld } from './connect-to-migrate.ts'
export { engineConfig } from './connection.ts'
export {
  createPostgresStore,
  describePool,
  type PoolFigures,
  type PostgresStore,
  type PostgresStoreOptions,
} from './create-postgres-store.ts'
export type { Companion, Companions } from './flush.ts'
export { type Maintained, type MaintainOptions, maintainPartitions } from './maintain.ts'
export { type AppliedMigration, engineMigrations, MigrationRefused, type MigrationSet, migrate } from './migrate.ts'
export { createNotifier, type NotifierOptions } from './notifier.ts'
export { unpackRows } from './payload.ts'
export { type EventCursor, firstEvent, readEvents, type StoredEvent } from './read-events.ts'
export { ROLES, RoleRefused } from './roles.ts'

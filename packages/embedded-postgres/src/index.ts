export { FolderInUse } from './folder-lock.ts'
export { type EmbeddedPostgres, type StartOptions, startPostgres } from './start-postgres.ts'
export type { ExitReason } from './supervise.ts'

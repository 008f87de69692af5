/** The rules of the product, without a face: what the server composes. */
import { fileURLToPath } from 'node:url'

export { AUTHENTICATED_FOR_MS, type Identity } from './access/authenticate.ts'
export { type Bootstrap, bootstrapInstallation } from './access/bootstrap-installation.ts'
export type { Rate } from './access/rate-limiter.ts'
export { type Checkpoint, type Fault, type Link, nameKey, type SealedEntry } from './audit/audit-chain.ts'
export { type AuditEntry, auditCompanion } from './audit/audit-entry.ts'
export { type AuditKeys, makeAuditKey, readAuditKeys } from './audit/audit-keys.ts'
export { type SealOptions, sealAudit } from './audit/seal-audit.ts'
export { type ChainVerdict, verifyChain } from './audit/verify-chain.ts'
export type { Answer } from './call-operation.ts'
export type { Actor, Clock, CoreEngine, Ctx, Log, Trace } from './context.ts'
export { type Core, type CoreOptions, createCore } from './create-core.ts'
export { createDatabase, type Database, type DatabaseOptions } from './database.ts'
export { EventHub, type EventHubOptions, type Subscription } from './events/event-hub.ts'
export { readPosition } from './events/event-position.ts'
export type { Caller } from './identify.ts'
export { listViolations } from './list-violations.ts'
export { SecretError } from './secrets/secret-error.ts'
export { makeSecretKey, readSecretKeys, type SecretKeys } from './secrets/secret-keys.ts'

/** For `migrate`: apply it after the engine's set. */
export const coreMigrations = { name: 'core', directory: fileURLToPath(new URL('../migrations', import.meta.url)) } as const

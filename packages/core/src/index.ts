/** The rules of the product, without a face: what the server composes. */
import { fileURLToPath } from 'node:url'

export { AUTHENTICATED_FOR_MS } from './access/authenticate.ts'
export { type Bootstrap, bootstrapInstallation, withdrawKey } from './access/bootstrap-installation.ts'
export type { Rate } from './access/rate-limiter.ts'
export type { Checkpoint, Fault, Link, SealedEntry } from './audit/audit-chain.ts'
export { type AuditEntry, auditCompanion } from './audit/audit-entry.ts'
export { type SealOptions, sealAudit } from './audit/seal-audit.ts'
export { type ChainVerdict, verifyChain } from './audit/verify-chain.ts'
export { toPriority, toRank } from './automations/planning/priority-rank.ts'
export type { ScheduleFact } from './automations/scheduling/fire-schedules.ts'
export { isDeeperThan, parseShape } from './call/validate-input.ts'
export type { CallOrigin, Ctx } from './context/context.ts'
export type { Actor, Caller, Identity } from './context/identity.ts'
export type { Answer, Clock, CoreEngine, Kernel, Log } from './context/kernel.ts'
export { type Core, type CoreOptions, createCore } from './create-core.ts'
export { createDatabase, type Database, type DatabaseOptions } from './database/database.ts'
export { listViolations } from './database/list-violations.ts'
export { EventHub, type EventHubOptions, type Subscription } from './events/event-hub.ts'
export { readPosition } from './events/event-position.ts'
export { type OutsideAllow, readOutsideAllow } from './outside/outside-allow.ts'
export { publicIds } from './public-ids.ts'
export type { RelayStatus } from './relay/redis-relay.ts'
export { SecretError } from './secrets/secret-error.ts'
export { makeSecretKey, readSecretKeys, type SecretKeys } from './secrets/secret-keys.ts'
export {
  type AuditKeys,
  makeSigningKey as makeAuditKey,
  makeSigningKey as makeTokenKey,
  nameKey,
  readAuditKeys,
  readTokenKeys,
  type TokenKeys,
} from './secrets/signing-keys.ts'

/** For `migrate`: apply it after the engine's set. */
export const coreMigrations = { name: 'core', directory: fileURLToPath(new URL('../migrations', import.meta.url)) } as const

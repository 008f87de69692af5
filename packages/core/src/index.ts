/** The rules of the product, without a face: what the server composes. */
import { fileURLToPath } from 'node:url'

export type {
  Actor,
  Answer,
  Caller,
  CallOrigin,
  Checkpoint,
  Clock,
  CoreEngine,
  Ctx,
  Fault,
  Identity,
  Kernel,
  Link,
  Log,
  Rate,
  SealedEntry,
} from '@orrery/kernel'
export {
  AUTHENTICATED_FOR_MS,
  type AuditEntry,
  type AuditKeys,
  auditCompanion,
  type Bootstrap,
  bootstrapInstallation,
  type ChainVerdict,
  createDatabase,
  type Database,
  type DatabaseOptions,
  EventHub,
  type EventHubOptions,
  isDeeperThan,
  listViolations,
  makeSecretKey,
  makeSigningKey as makeAuditKey,
  makeSigningKey as makeTokenKey,
  nameKey,
  type OutsideAllow,
  parseShape,
  publicIds,
  readAuditKeys,
  readOutsideAllow,
  readPosition,
  readSecretKeys,
  readTokenKeys,
  type SealOptions,
  SecretError,
  type SecretKeys,
  type Subscription,
  sealAudit,
  type TokenKeys,
  verifyChain,
  withdrawKey,
} from '@orrery/kernel'
export type { ScheduleFact } from './automations/due/fire-schedules.ts'
export { toPriority, toRank } from './automations/planning/priority-rank.ts'
export { type Core, type CoreOptions, createCore } from './create-core.ts'
export type { RelayStatus } from './relay/redis-relay.ts'

/** For `migrate`: apply it after the engine's set. */
export const coreMigrations = { name: 'core', directory: fileURLToPath(new URL('../migrations', import.meta.url)) } as const

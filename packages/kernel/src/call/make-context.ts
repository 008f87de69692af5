import { encodeId, type Json, type Operation } from '@orrery/contract'
import { toCompanion } from '../audit/audit-companion.ts'
import type { AuditEntry } from '../audit/audit-entry.ts'
import { recordAudit } from '../audit/record-audit.ts'
import { digest } from '../canonical-json.ts'
import type { CallOrigin, Ctx } from '../context/context.ts'
import type { Identity } from '../context/identity.ts'
import type { Kernel, Log } from '../context/kernel.ts'
import type { Transaction } from '../database/database.ts'
import { newId } from '../new-id.ts'

/** The context of a call, with what `callOperation` needs to audit the call and to finish it. */
export interface CallContext {
  readonly ctx: Ctx
  /**
   * The audit entries of the call. For writes only: without a note there is one entry about what the path names.
   * @param more is added to the detail of each
   */
  entries(more?: { readonly [key: string]: Json }): readonly AuditEntry[]
  /** Whether the call has noted anything. A call to a system outside does so right before its effect begins. */
  hasBegun(): boolean
  /** Call this once after the commit. */
  committed(): void
  /** Call this once if the transaction of the call has rolled back and will not be retried. */
  rolledBack(): Promise<void>
}

export interface Call {
  readonly operation: Operation
  readonly identity: Identity
  readonly input: Record<string, unknown>
  /** The input with its secrets replaced by fingerprints. Only used for digests. */
  readonly kept: Record<string, unknown>
  readonly origin: CallOrigin
}

export function makeContext(kernel: Kernel, call: Call, tx: Transaction | null): CallContext {
  const { operation, identity } = call
  const notes: { subject: string; detail: Json | null }[] = []
  const afterCommit: (() => void)[] = []
  const afterRollback: ((tx: Transaction) => Promise<void>)[] = []
  let inputDigest: string | null = null
  let log: Log | null = null

  const toEntry = (subject: string, detail: Json | null): AuditEntry => {
    inputDigest ??= digest(call.kept).toString('hex')
    const at = Math.floor(kernel.clock.now())
    const action = operation.audit ?? operation.name
    return {
      org: identity.org,
      id: newId(at),
      at,
      actor: identity.actor,
      action,
      subject,
      inputDigest,
      detail,
      requestId: call.origin.requestId,
    }
  }

  const entries: CallContext['entries'] = (more) => {
    const about = notes.length > 0 ? notes : [{ subject: defaultSubject(call), detail: null }]
    return about.map(({ subject, detail }) => toEntry(subject, more === undefined ? detail : addDetail(detail, more)))
  }

  const ctx: Ctx = {
    actor: identity.actor,
    org: identity.org,
    permissions: identity.permissions,
    token: identity.token ?? null,
    login: identity.login ?? null,
    effect: operation.effect,
    tx,
    kernel,
    engine: kernel.engine,
    clock: kernel.clock,
    get log() {
      log ??= kernel.log.child({ operation: operation.name, requestId: call.origin.requestId, traceId: call.origin.traceId })
      return log
    },
    origin: call.origin,
    afterCommit: (work) => void afterCommit.push(work),
    afterRollback: (work) => void afterRollback.push(work),
    note: (subject, detail = null) => void notes.push({ subject, detail }),
    auditCompanion: (subject, detail = null) => toCompanion(toEntry(subject, detail)),
  }
  return {
    ctx,
    entries,
    hasBegun: () => notes.length > 0,
    committed() {
      for (const work of afterCommit) work()
    },
    async rolledBack() {
      if (afterRollback.length === 0) return
      await kernel.database.transaction(identity.org, 'read write', async (own) => {
        for (const work of afterRollback) await work(own)
        await recordAudit(own, entries())
      })
    },
  }
}

function addDetail(detail: Json | null, more: { readonly [key: string]: Json }): Json {
  return { ...(typeof detail === 'object' && !Array.isArray(detail) ? detail : { detail }), ...more }
}

/** The id or name in the operation's path; without one, the organization. */
function defaultSubject({ operation, input, identity }: Call): string {
  const field = /\{(\w+)\}/.exec(operation.http.path)?.[1]
  const value = field === undefined ? undefined : input[field]
  return typeof value === 'string' ? value : encodeId('org', identity.org)
}

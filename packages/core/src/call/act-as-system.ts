import { encodeId, PERMISSIONS } from '@orrery/contract'
import { toCompanion } from '../audit/audit-entry.ts'
import { digest } from '../canonical-json.ts'
import type { Ctx } from '../context/context.ts'
import { newId } from '../new-id.ts'

/** What is needed of a process to act without a request. A `Host` is one, and so is the context of a request. */
export type SystemHost = Pick<
  Ctx,
  | 'database'
  | 'engine'
  | 'clock'
  | 'log'
  | 'announce'
  | 'auditKeys'
  | 'secretKeys'
  | 'tokenKeys'
  | 'version'
  | 'publicUrl'
  | 'outside'
  | 'mcpClients'
  | 'automations'
>

export interface SystemPart {
  /** Of what acts: a tool, a loop. */
  readonly name: string
  /** Public id of the run in whose name it acts. */
  readonly runId: string | null
  /** Those that are permissions are what it may do. */
  readonly scopes: ReadonlySet<string>
}

/** Acts as the system in one organization. Without a transaction: each `withOrg` opens one of its own, and notes are kept by nobody. */
export function makeSystemContext(host: SystemHost, org: string, { name, runId, scopes }: SystemPart): Ctx {
  const { database, engine, clock, announce, auditKeys, secretKeys, tokenKeys, version, publicUrl, outside, mcpClients, automations } = host
  const actor = { type: 'system', id: runId ?? name, name } as const
  const requestId = runId ?? name
  return {
    actor,
    org,
    permissions: new Set(PERMISSIONS.filter((permission) => scopes.has(permission))),
    effect: 'write',
    tx: null,
    database,
    engine,
    clock,
    log: host.log.child({ actor: name, org: encodeId('org', org), run: runId }),
    trace: { requestId, traceId: null },
    token: null,
    announce,
    afterCommit: (work) => work(),
    afterRollback: () => undefined,
    note: () => undefined,
    auditCompanion(subject, detail = null) {
      const at = Math.floor(clock.now())
      const inputDigest = digest(detail).toString('hex')
      return toCompanion({ org, id: newId(at), at, actor, action: name, subject, inputDigest, detail, requestId })
    },
    forgetKeys: () => undefined,
    auditKeys,
    secretKeys,
    tokenKeys,
    version,
    publicUrl,
    outside,
    mcpClients,
    automations,
  }
}

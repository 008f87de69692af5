/** Acting outside of an operation: loops and timers act as the system, and tools act for their caller. */
import { encodeId, PERMISSIONS } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { Actor } from '../context/identity.ts'
import type { Clock, Kernel } from '../context/kernel.ts'
import type { Transaction } from '../database/database.ts'
import { retryLostRaces } from '../database/retry-lost-races.ts'
import { limitIdle } from '../database/session-settings.ts'

export interface Acting {
  readonly actor: Actor
  /** Joins the audit entries of what the actor does. */
  readonly requestId: string
  /** Those of its scopes that are permissions decide what it may do. */
  readonly scopes: ReadonlySet<string>
}

/** A context without a transaction: each `withOrg` opens a new one. It is not that of an operation, so it writes no audit entry. */
export function makeActorContext(kernel: Kernel, org: string, { actor, requestId, scopes }: Acting): Ctx {
  const { engine, clock } = kernel
  return {
    actor,
    org,
    permissions: new Set(PERMISSIONS.filter((permission) => scopes.has(permission))),
    token: null,
    login: null,
    effect: 'write',
    tx: null,
    engine,
    clock,
    log: kernel.log.child({ actor: actor.id, org: encodeId('org', org), requestId }),
    origin: { requestId, traceId: null, idempotencyKey: null },
    kernel,
    afterCommit: (work) => work(),
    afterRollback: () => undefined,
    note: refuseAudit,
    auditCompanion: refuseAudit,
  }
}

/** Silence would lose the entry. */
function refuseAudit(): never {
  throw new Error('Only an operation has an audit entry of its own: use recordSystemChange')
}

const NO_SCOPES: ReadonlySet<string> = new Set()
/** The longest time between two statements. A stopped process loses its locks after this, so that other processes can continue. */
const IDLE_MS_MAX = 4000

/** Runs `work` as the system, in one transaction of an organization; again from the start, if it lost a race. */
export async function transactAsSystem<T>(
  kernel: Kernel,
  org: string,
  name: string,
  work: (ctx: Ctx, tx: Transaction) => Promise<T>,
  clock: Clock = kernel.clock,
): Promise<T> {
  const acting: Acting = { actor: { type: 'system', id: name, name }, requestId: name, scopes: NO_SCOPES }
  let afterCommit: (() => void)[] = []
  const result = await retryLostRaces(() =>
    kernel.database.transaction(org, 'read write', async (tx) => {
      afterCommit = []
      await limitIdle(tx, IDLE_MS_MAX)
      return work({ ...makeActorContext(kernel, org, acting), clock, tx, afterCommit: (done) => void afterCommit.push(done) }, tx)
    }),
  )
  for (const done of afterCommit) done()
  kernel.announce()
  return result
}

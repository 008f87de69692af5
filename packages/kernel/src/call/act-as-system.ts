/** Acting without a request: loops and timers act as the system, and tools act for the run that calls them. */
import { encodeId, PERMISSIONS } from '@orrery/contract'
import { toCompanion } from '../audit/audit-companion.ts'
import { digest } from '../canonical-json.ts'
import type { Ctx } from '../context/context.ts'
import type { Clock, Kernel } from '../context/kernel.ts'
import { isLostRace } from '../database/classify-failure.ts'
import type { Transaction } from '../database/database.ts'
import { limitIdle } from '../database/session-settings.ts'
import { newId } from '../new-id.ts'

export interface SystemActor {
  /** The part that acts: a tool or a loop. */
  readonly name: string
  /** Public id of the run that it acts for. */
  readonly runId: string | null
  /** The scopes that are permissions decide what it may do. */
  readonly scopes: ReadonlySet<string>
}

/** A context without a transaction: each `withOrg` opens a new one. It calls no operation, so `note` writes no audit entry. */
export function makeSystemContext(kernel: Kernel, org: string, { name, runId, scopes }: SystemActor): Ctx {
  const { engine, clock } = kernel
  const actor = { type: 'system', id: runId ?? name, name } as const
  const requestId = runId ?? name
  return {
    actor,
    org,
    permissions: new Set(PERMISSIONS.filter((permission) => scopes.has(permission))),
    token: null,
    effect: 'write',
    tx: null,
    engine,
    clock,
    log: kernel.log.child({ actor: name, org: encodeId('org', org), run: runId }),
    origin: { requestId, traceId: null, idempotencyKey: null },
    kernel,
    afterCommit: (work) => work(),
    afterRollback: () => undefined,
    note: () => undefined,
    auditCompanion(subject, detail = null) {
      const at = Math.floor(clock.now())
      const inputDigest = digest(detail).toString('hex')
      return toCompanion({ org, id: newId(at), at, actor, action: name, subject, inputDigest, detail, requestId })
    },
  }
}

const NO_SCOPES: ReadonlySet<string> = new Set()
const ATTEMPTS_MAX = 5
/** The longest time between two statements. A stopped process loses its locks after this, so that other processes can continue. */
const IDLE_MS_MAX = 4000

/**
 * Runs `work` as the system, in one transaction of an organization. After a serialization failure or deadlock it runs again from the start.
 */
export async function transactAsSystem<T>(
  kernel: Kernel,
  org: string,
  name: string,
  work: (ctx: Ctx, tx: Transaction) => Promise<T>,
  clock: Clock = kernel.clock,
): Promise<T> {
  const actor = { name, runId: null, scopes: NO_SCOPES }
  for (let attempt = 1; ; attempt++) {
    const afterCommit: (() => void)[] = []
    try {
      const result = await kernel.database.transaction(org, 'read write', async (tx) => {
        await limitIdle(tx, IDLE_MS_MAX)
        return work({ ...makeSystemContext(kernel, org, actor), clock, tx, afterCommit: (done) => void afterCommit.push(done) }, tx)
      })
      for (const done of afterCommit) done()
      kernel.announce()
      return result
    } catch (error) {
      if (!isLostRace(error) || attempt === ATTEMPTS_MAX) throw error
    }
  }
}

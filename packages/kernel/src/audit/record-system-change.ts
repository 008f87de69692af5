import type { Json } from '@orrery/contract'
import { digest } from '../canonical-json.ts'
import type { Transaction } from '../database/database.ts'
import { newId } from '../new-id.ts'
import { recordAudit } from './record-audit.ts'

export interface SystemChange {
  /** A UUID. */
  readonly org: string
  readonly atMs: number
  /** The part of the system that acts, such as `automations`. */
  readonly actor: string
  /** `<noun>.<past tense>`, like the audit labels of operations. */
  readonly action: string
  readonly subject: string
  readonly detail: Json
  /** What led to the change, such as the id of a run. Default: the actor. */
  readonly requestId?: string
}

/** Writes the audit entry of a change that the system makes by itself and no operation records, in the transaction of that change. */
export async function recordSystemChange(tx: Transaction, change: SystemChange): Promise<void> {
  const { org, action, subject, detail, requestId = change.actor } = change
  const at = Math.floor(change.atMs)
  const actor = { type: 'system', id: change.actor, name: change.actor } as const
  const inputDigest = digest(detail).toString('hex')
  await recordAudit(tx, [{ org, id: newId(at), at, actor, action, subject, inputDigest, detail, requestId }])
}

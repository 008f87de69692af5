import { emptyBatch } from '../empty-batch.ts'
import type { FlushBatch } from '../store.ts'
import { blobsPart } from './parts/blobs.ts'
import { eventsPart } from './parts/events.ts'
import { fencePart } from './parts/fence.ts'
import { finishesPart } from './parts/finishes.ts'
import { journalPart } from './parts/journal.ts'
import { logsPart } from './parts/logs.ts'
import { messagesPart } from './parts/messages.ts'
import { parksPart } from './parts/parks.ts'
import type { StatementPart, StatementScope } from './parts/part.ts'
import { progressPart } from './parts/progress.ts'
import { receivedPart } from './parts/received.ts'
import { startsPart } from './parts/starts.ts'
import { PayloadPacker } from './payload.ts'

const parts: readonly StatementPart[] = [
  fencePart,
  startsPart,
  journalPart,
  finishesPart,
  parksPart,
  receivedPart,
  messagesPart,
  logsPart,
  progressPart,
  eventsPart,
  blobsPart,
]

export interface FlushStatement {
  readonly name: string
  readonly text: string
  readonly values: unknown[]
}

/** Statement texts by mask of the parts present. A process uses a handful, each prepared once per connection. */
const texts = new Map<number, string>()
const RESENT_BIT = 1 << parts.length

/** One statement with only the parts that the batch needs. Null for an empty batch. */
export function composeFlush(batch: FlushBatch, resent: boolean): FlushStatement | null {
  const packer = new PayloadPacker()
  const values: unknown[] = []
  let mask = resent ? RESENT_BIT : 0
  parts.forEach((part, index) => {
    if (!part.used(batch, packer)) return
    mask |= 1 << index
    values.push(...part.values(batch, packer))
  })
  if ((mask & ~RESENT_BIT) === 0) return null
  let text = texts.get(mask)
  if (text === undefined) texts.set(mask, (text = composeText(mask)))
  return { name: `flush_${mask}`, text, values }
}

/** How many values each part has, counted with an empty batch. */
const sizes = parts.map((part) => part.values(emptyBatch, new PayloadPacker()).length)

function composeText(mask: number): string {
  const fenced = (mask & 1) !== 0
  const ctes: string[] = []
  const outputs: string[] = []
  let offset = 1
  parts.forEach((part, index) => {
    if ((mask & (1 << index)) === 0) return
    const first = offset
    const scope: StatementScope = {
      at: (n) => `$${first + n}`,
      worker: fenced ? '$1::uuid' : 'null::uuid',
      guard: fenced ? 'exists (select from fence)' : 'true',
      resent: (mask & RESENT_BIT) !== 0,
    }
    ctes.push(part.sql(scope).trim())
    if (part.output) outputs.push(part.output(scope).trim())
    offset += sizes[index] ?? 0
  })
  return `with ${ctes.join(',\n')}\nselect ${outputs.length > 0 ? outputs.join(', ') : '1 as done'}`
}

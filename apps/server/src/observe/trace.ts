import { randomUUID } from 'node:crypto'

/** Where this request stands in a distributed trace (W3C Trace Context). */
export interface Trace {
  readonly traceId: string
  /** Our own span: the parent of what happens here. */
  readonly spanId: string
  readonly parentId: string | null
  readonly sampled: boolean
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/**
 * Continues the caller's trace or begins one. A malformed header is treated as absent, as the recommendation asks
 * (Trace Context 1, 4.3): version `ff`, and ids of zeros, are malformed; version `00` has exactly four fields.
 */
export function continueTrace(traceparent: string | undefined): Trace {
  const spanId = randomHex().slice(16)
  const match = TRACEPARENT.exec(traceparent?.trim() ?? '')
  const [, version, traceId, parentId, flags, more] = match ?? []
  const valid =
    version !== undefined &&
    version !== 'ff' &&
    !(version === '00' && more) &&
    !/^0+$/.test(traceId ?? '0') &&
    !/^0+$/.test(parentId ?? '0')
  if (!valid || traceId === undefined || parentId === undefined) {
    return { traceId: randomHex(), spanId, parentId: null, sampled: false }
  }
  return { traceId, spanId, parentId, sampled: (Number.parseInt(flags ?? '0', 16) & 1) === 1 }
}

/** 128 bits, 122 of them random. Node makes UUIDs in bulk, which costs a tenth of asking for bytes each time. */
function randomHex(): string {
  return randomUUID().replaceAll('-', '')
}

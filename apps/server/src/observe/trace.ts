import { randomUUID } from 'node:crypto'

/** The position of a request in a distributed trace (W3C Trace Context). */
export interface Trace {
  readonly traceId: string
  /** The span of this request: the parent of all work done for it. */
  readonly spanId: string
  readonly parentId: string | null
  readonly sampled: boolean
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/**
 * Continues the caller's trace, or begins one. A malformed header is treated as absent, as the recommendation requires
 * (Trace Context 1, 4.3): version `ff` and all-zero ids are malformed, and version `00` has exactly four fields.
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

/** 128 bits, 122 of them random. Node caches randomness for UUIDs, which costs a tenth of requesting random bytes each time. */
function randomHex(): string {
  return randomUUID().replaceAll('-', '')
}

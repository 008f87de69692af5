import type { FlushBatch } from '../../store.ts'
import type { PayloadPacker } from '../payload.ts'

/** How a part refers to what the others provide. */
export interface StatementScope {
  /** Placeholder of the part's nth value (from 0). */
  readonly at: (n: number) => string
  /** Placeholder of the worker, `null::uuid` without one. */
  readonly worker: string
  /** True only while the worker may write. Every write has it in its `where`. */
  readonly guard: string
  /** The batch may have been written before: skip starts whose run exists. */
  readonly resent: boolean
}

/** One kind of row of a batch and the CTEs that write it. The parts present make up the statement (compose-flush.ts). */
export interface StatementPart {
  readonly name: string
  readonly used: (batch: FlushBatch, packer: PayloadPacker) => boolean
  readonly values: (batch: FlushBatch, packer: PayloadPacker) => readonly unknown[]
  /** CTEs, separated by commas. */
  readonly sql: (scope: StatementScope) => string
  /** Columns of the statement's one row. */
  readonly output?: (scope: StatementScope) => string
}

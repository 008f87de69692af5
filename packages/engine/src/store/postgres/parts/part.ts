import type { FlushBatch } from '../../store.ts'
import type { PayloadPacker } from '../payload.ts'

/** What a part may refer to in the whole statement. */
export interface StatementScope {
  /** Placeholder of the part's nth value (from 0). */
  readonly at: (n: number) => string
  /** Placeholder of the worker, or `null::uuid` without one. */
  readonly worker: string
  /** True only while the worker may write. Every write has it in its `where` clause. */
  readonly guard: string
  /** The batch may already have been written: skip starts whose run exists. */
  readonly resent: boolean
}

/** One kind of row of a batch and the CTEs that write it. compose-flush.ts makes the statement of the parts present. */
export interface StatementPart {
  readonly name: string
  readonly used: (batch: FlushBatch, packer: PayloadPacker) => boolean
  readonly values: (batch: FlushBatch, packer: PayloadPacker) => readonly unknown[]
  /** CTEs, separated by commas. */
  readonly sql: (scope: StatementScope) => string
  /** Columns of the statement's one row. */
  readonly output?: (scope: StatementScope) => string
}

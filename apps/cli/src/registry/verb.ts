import type { Route } from '@orrery/contract/routes'

/**
 * One command that calls an operation: all that its line, its help and its answer need, without the shapes of the contract. `name` is that
 * of the operation, such as `runs.start`.
 */
export interface Verb extends Route {
  /** Words after `orrery`, such as `runs start`. */
  readonly verb: string
  readonly summary: string
  readonly description?: string
  /** What the key needs: a scope, `any key` or `no key`. */
  readonly requires: string
  /** The field of the answer that contains the rows of a table. */
  readonly rows?: string
  /** Arguments first, in their order; then flags. */
  readonly fields: readonly Field[]
}

/** How one field of an operation's input is written on a command line. */
export interface Field {
  readonly name: string
  /** Without the dashes. */
  readonly flag: string
  readonly form: Form
  readonly required: boolean
  readonly positional: boolean
  readonly description: string
  readonly fallback?: unknown
  /** Its JSON is a document of others, in which numbers may be rounded. */
  readonly isRounded?: true
}

export type Form =
  /** `isNullable`: the word `null` removes the value. */
  | { readonly kind: 'text'; readonly isNullable?: true }
  | { readonly kind: 'number'; readonly nullable: boolean }
  | { readonly kind: 'switch' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'list'; readonly item: Form }
  | { readonly kind: 'json' }
  /** Plain text or JSON, such as an RRULE or a whole schedule. */
  | { readonly kind: 'textOrJson' }

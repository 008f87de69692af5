import type { Json } from '@orrery/contract'

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>='
export type Arithmetic = '+' | '-' | '*' | '/' | '%'

/** What a projection goes through: the elements of a list, those of its lists too, the values of an object, the elements that pass. */
export type Spread = 'list' | 'flat' | 'values' | 'filter'

/**
 * A parsed expression. Every node is evaluated with a current value: at the top that is the scope (`params`, `steps`, `now` …), on the
 * right of a dot or in a projection it is what stands on the left.
 */
export type Expression =
  | { readonly type: 'current' }
  | { readonly type: 'root' }
  | { readonly type: 'literal'; readonly value: Json }
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'index'; readonly of: Expression; readonly index: number }
  | { readonly type: 'slice'; readonly of: Expression; readonly from: number | null; readonly to: number | null; readonly by: number }
  /** `left.right`, and `left | right`, which differ in how they are read only. */
  | { readonly type: 'chain'; readonly left: Expression; readonly right: Expression }
  | Projection
  | { readonly type: 'list'; readonly items: readonly Expression[] }
  | { readonly type: 'object'; readonly entries: readonly (readonly [name: string, value: Expression])[] }
  | { readonly type: 'or' | 'and'; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'not'; readonly of: Expression }
  | { readonly type: 'compare'; readonly operator: Comparison; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'arithmetic'; readonly operator: Arithmetic; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly Expression[] }
  /** `&expression`: not evaluated here but by the function that gets it, for each element. */
  | { readonly type: 'lambda'; readonly body: Expression }

export interface Projection {
  readonly type: 'projection'
  readonly spread: Spread
  readonly left: Expression
  readonly right: Expression
  /** Of a filter. */
  readonly condition: Expression | null
}

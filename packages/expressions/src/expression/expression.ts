import type { Json } from '@orrery/contract'

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>='
export type Arithmetic = '+' | '-' | '*' | '/' | '%'

/**
 * What a projection iterates over: the elements of a list, of a list flattened by one level, the values of an object, the matching
 * elements.
 */
export type Spread = 'list' | 'flat' | 'values' | 'filter'

/**
 * A parsed expression. Every node is evaluated with a current value. At the top that is the scope (`params`, `steps`, `now` …); after a dot
 * or in a projection it is the value on the left.
 */
export type Expression =
  | { readonly type: 'current' }
  | { readonly type: 'root' }
  | { readonly type: 'literal'; readonly value: Json }
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'index'; readonly of: Expression; readonly index: number }
  | { readonly type: 'slice'; readonly of: Expression; readonly from: number | null; readonly to: number | null; readonly by: number }
  /** `left.right` and `left | right`, which differ only in how they are parsed. */
  | { readonly type: 'chain'; readonly left: Expression; readonly right: Expression }
  | Projection
  | { readonly type: 'list'; readonly items: readonly Expression[] }
  | { readonly type: 'object'; readonly entries: readonly (readonly [name: string, value: Expression])[] }
  | { readonly type: 'or' | 'and'; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'not'; readonly of: Expression }
  | { readonly type: 'compare'; readonly operator: Comparison; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'arithmetic'; readonly operator: Arithmetic; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly Expression[] }
  /** `&expression`: evaluated by the function that receives it, once for each element. */
  | { readonly type: 'lambda'; readonly body: Expression }

export interface Projection {
  readonly type: 'projection'
  readonly spread: Spread
  readonly left: Expression
  readonly right: Expression
  /** Of a filter; null for the other projections. */
  readonly condition: Expression | null
}

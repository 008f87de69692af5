import type { Json } from '@orrery/contract'
import { typeError } from '../expression-error.ts'
import { type Meter, spend, spendText } from '../meter.ts'
import { compareValues, isEqual, kindOf, nameKinds } from '../values.ts'
import { ANY, type Argument, type CallContext, type FunctionSpec, type Lambda, LIST, NUMBER, OBJECT, TEXT } from './function-spec.ts'

type Key = number | string

export const LIST_FUNCTIONS: Readonly<Record<string, FunctionSpec>> = {
  length: {
    params: [['string', 'array', 'object']],
    returns: NUMBER,
    apply: ([value], { meter }) => {
      if (typeof value === 'string') return countCharacters(meter, value)
      const length = Object.keys(value as object).length
      spend(meter, length)
      return length
    },
  },
  contains: {
    params: [['string', 'array'], ANY],
    returns: ['boolean'],
    apply: ([whole, part], { meter }) => {
      if (Array.isArray(whole)) return whole.some((item) => isEqual(meter, item, part as Json))
      spendText(meter, (whole as string).length)
      return typeof part === 'string' && (whole as string).includes(part)
    },
  },
  reverse: {
    params: [['string', 'array']],
    returns: ['string', 'array'],
    apply: ([value], { meter }) => {
      spend(meter, (value as string | Json[]).length)
      return typeof value === 'string' ? [...value].reverse().join('') : (value as Json[]).toReversed()
    },
  },
  map: { params: ['lambda', LIST], returns: LIST, apply: ([each, list]) => (list as Json[]).map((item) => (each as Lambda)(item)) },
  sort: { params: [LIST], returns: LIST, apply: ([list], { meter }) => sortBy(meter, list as Json[], list as Json[], 'sort') },
  sort_by: {
    params: [LIST, 'lambda'],
    returns: LIST,
    apply: ([list, by], { meter }) => sortBy(meter, list as Json[], (list as Json[]).map(by as Lambda), 'sort_by'),
  },
  max: extreme('max', 1),
  min: extreme('min', -1),
  max_by: extremeBy('max_by', 1),
  min_by: extremeBy('min_by', -1),
  to_array: { params: [ANY], returns: LIST, apply: ([value]) => (Array.isArray(value) ? value : [value as Json]) },
  keys: { params: [OBJECT], returns: LIST, apply: ([object], { meter }) => entriesOf(meter, object).map(([name]) => name) },
  values: { params: [OBJECT], returns: LIST, apply: ([object], { meter }) => entriesOf(meter, object).map(([, value]) => value) },
  merge: {
    params: [OBJECT],
    rest: OBJECT,
    returns: OBJECT,
    // fromEntries defines own members, even for names such as __proto__.
    apply: (objects, { meter }) => Object.fromEntries(objects.flatMap((object) => entriesOf(meter, object))),
  },
  type: { params: [ANY], returns: TEXT, apply: ([value]) => kindOf(value as Json) },
}

function countCharacters(meter: Meter, text: string): number {
  spend(meter, text.length >> 2)
  let count = 0
  for (const _ of text) count += 1
  return count
}

function entriesOf(meter: Meter, object: Argument | undefined): [string, Json][] {
  const entries = Object.entries(object as Record<string, Json>)
  spend(meter, 2 + 5 * entries.length)
  return entries
}

/** Numbers can be ordered, and texts can, but not a mixture. */
function checkKeys(keys: readonly Json[], name: string): readonly Key[] {
  const kind = keys[0] === undefined ? 'number' : kindOf(keys[0])
  const odd = keys.find((key) => kindOf(key) !== kind || (kind !== 'number' && kind !== 'string'))
  if (odd !== undefined) throw typeError(`${name}() orders numbers or texts; this list contains ${nameKinds([kindOf(odd)])}`)
  return keys as readonly Key[]
}

function sortBy(meter: Meter, list: readonly Json[], by: readonly Json[], name: string): Json[] {
  const keys = checkKeys(by, name)
  spend(meter, list.length * Math.ceil(Math.log2(list.length + 2)))
  const order = list.map((_, index) => index)
  // Both indexes come from `list`, so both keys exist.
  order.sort((a, b) => compareValues(meter, keys[a] as Key, keys[b] as Key))
  return order.map((index) => list[index] as Json)
}

function extreme(name: string, sign: 1 | -1): FunctionSpec {
  const apply = ([list]: readonly Argument[], { meter }: CallContext) => pick(meter, list as Json[], list as Json[], name, sign)
  return { params: [LIST], returns: ['number', 'string', 'null'], apply }
}

function extremeBy(name: string, sign: 1 | -1): FunctionSpec {
  const apply = ([list, by]: readonly Argument[], { meter }: CallContext) =>
    pick(meter, list as Json[], (list as Json[]).map(by as Lambda), name, sign)
  return { params: [LIST, 'lambda'], returns: ANY, apply }
}

/** The first of the greatest (or smallest) elements; null for an empty list. */
function pick(meter: Meter, list: readonly Json[], by: readonly Json[], name: string, sign: 1 | -1): Json {
  const keys = checkKeys(by, name)
  spend(meter, list.length)
  let best = 0
  for (let at = 1; at < keys.length; at += 1) {
    if (compareValues(meter, keys[at] as Key, keys[best] as Key) * sign > 0) best = at
  }
  return list[best] ?? null
}

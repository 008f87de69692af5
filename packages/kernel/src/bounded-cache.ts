export interface CacheLimits {
  /** The most entries that are kept. */
  readonly entriesMax: number
  /** The limit for the sum of their sizes. Default: no limit. */
  readonly sizeMax?: number
}

export interface BoundedCache<Value> {
  /** Also makes the entry the most recently used one. */
  get(key: string): Value | undefined
  /**
   * Always keeps the new entry, even if it alone exceeds `sizeMax`: otherwise every use would have to compute it again.
   * @param size in the unit of `sizeMax`; default 0
   */
  set(key: string, value: Value, size?: number): void
  delete(key: string): void
  /** Looks at every entry. */
  deleteWhere(condition: (value: Value) => boolean): void
  clear(): void
}

/**
 * A cache for values that are expensive to compute. When it holds too many entries or their total size is too large, the least recently
 * used are dropped.
 */
export function boundedCache<Value>({ entriesMax, sizeMax = Number.POSITIVE_INFINITY }: CacheLimits): BoundedCache<Value> {
  // A Map iterates in insertion order, and each use inserts the entry again. So the first key is the least recently used one.
  const entries = new Map<string, { readonly value: Value; readonly size: number }>()
  let total = 0
  const remove = (key: string): void => {
    total -= entries.get(key)?.size ?? 0
    entries.delete(key)
  }
  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    set(key, value, size = 0) {
      remove(key)
      entries.set(key, { value, size })
      total += size
      for (const oldest of entries.keys()) {
        if (oldest === key || (entries.size <= entriesMax && total <= sizeMax)) return
        remove(oldest)
      }
    },
    delete: remove,
    deleteWhere(condition) {
      for (const [key, { value }] of entries) if (condition(value)) remove(key)
    },
    clear() {
      entries.clear()
      total = 0
    },
  }
}

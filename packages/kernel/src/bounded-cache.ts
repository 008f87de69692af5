export interface CacheLimits {
  /** Entries kept at most. */
  readonly entriesMax: number
  /** Sum of their sizes at most. Default: no limit. */
  readonly sizeMax?: number
}

export interface BoundedCache<Value> {
  /** The entry becomes the most recently used. */
  get(key: string): Value | undefined
  /**
   * The new entry stays whatever its size, or it would be made anew at each use.
   * @param size in the unit of `sizeMax`; default 0
   */
  set(key: string, value: Value, size?: number): void
  delete(key: string): void
  clear(): void
}

/** Keeps what is expensive to make. When there are too many entries, or they are too large together, the least recently used go first. */
export function boundedCache<Value>({ entriesMax, sizeMax = Number.POSITIVE_INFINITY }: CacheLimits): BoundedCache<Value> {
  // A Map iterates in the order of insertion, and each use inserts anew: the first key is the least recently used.
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
    clear() {
      entries.clear()
      total = 0
    },
  }
}

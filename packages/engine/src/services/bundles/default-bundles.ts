import type { OrgId, Store } from '../../store/store.ts'

/** The version that new starts use, by workflow. */
export interface DefaultBundles {
  /** The bundle's hash. Null if the org has no such workflow. */
  find(org: OrgId, workflow: string): Promise<string | null>
  /** Call when this process has set a new default. */
  forget(org: OrgId, workflow: string): void
  forgetAll(): void
}

/** A deploy by another process takes effect here after at most this time. */
const KEPT_MS = 1000

export function createDefaultBundles(store: Store, now: () => number): DefaultBundles {
  const kept = new Map<string, { readonly hash: Promise<string | null>; readonly until: number }>()
  const key = (org: OrgId, workflow: string): string => `${org}/${workflow}`
  return {
    find(org, workflow) {
      const name = key(org, workflow)
      const known = kept.get(name)
      if (known && known.until > now()) return known.hash
      const hash = store.defaultBundle(org, workflow)
      kept.set(name, { hash, until: now() + KEPT_MS })
      hash.then(
        (found) => found === null && kept.delete(name),
        () => kept.delete(name),
      )
      return hash
    },
    forget: (org, workflow) => void kept.delete(key(org, workflow)),
    forgetAll: () => kept.clear(),
  }
}

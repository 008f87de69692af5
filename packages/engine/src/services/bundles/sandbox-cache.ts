import type { BuiltBundle } from '../../api.ts'
import type { Sandbox } from '../../sandbox/create-sandbox.ts'
import type { OrgId, RunId, Store } from '../../store/store.ts'
import type { Activation, Manifest, Reaction, WorkflowManifest } from '../../workflow/protocol.ts'

export interface LoadedBundle {
  readonly org: OrgId
  readonly hash: string
  readonly code: string
  readonly manifest: Manifest
  /** Source map of the code, if it was deployed with one. */
  map: string | null
  readonly workflows: ReadonlyMap<string, WorkflowManifest>
  readonly ids: IdFormat
  sandbox: Sandbox
  /** Runs to evict with the next call into the sandbox, because a call costs more than a turn. */
  readonly forgotten: string[]
}

/** Bounds the memory that ended runs occupy until the next call. */
const FORGOTTEN_MAX = 256

/** Delivers activations to a bundle's sandbox. Rethrows the sandbox's errors. */
export function activate(bundle: LoadedBundle, activations: readonly Activation[]): readonly Reaction[] {
  const forgotten = bundle.forgotten.splice(0)
  if (forgotten.length === 0) return bundle.sandbox.activate(activations)
  const evictions = forgotten.map((run) => ({ run, at: 0, replaying: false, delivery: { type: 'evict' } }) as const)
  return bundle.sandbox.activate([...evictions, ...activations]).slice(evictions.length)
}

/** Frees the coroutine of a run, at the latest before the next activation of that bundle. */
export function forget(bundle: LoadedBundle, run: string): void {
  bundle.forgotten.push(run)
  if (bundle.forgotten.length >= FORGOTTEN_MAX) activate(bundle, [])
}

/** The form in which workflows and steps see ids. Must never change for a database, because workflows may depend on ids that they saw. */
export interface IdFormat {
  readonly run: (id: RunId) => string
  readonly org: (id: OrgId) => string
}

export const plainIds: IdFormat = { run: (id) => id, org: (id) => id }

export type SandboxMaker = (code: string) => Sandbox

/** How many bundles a process keeps. Drops the least recently used first; held runs keep theirs. */
const BUNDLES_MAX = 100

/** The bundles loaded by this process. One sandbox serves all of its runs of a bundle. */
export class SandboxCache {
  private readonly store: Store
  private readonly make: SandboxMaker
  private readonly ids: IdFormat
  private readonly loaded = new Map<string, Promise<LoadedBundle | null>>()

  constructor(store: Store, make: SandboxMaker, ids: IdFormat = plainIds) {
    this.store = store
    this.make = make
    this.ids = ids
  }

  /** Loads a bundle, stored or not, into a sandbox of its own. The caller disposes of the sandbox. */
  open(org: OrgId, { hash, code, manifest, map = null }: Omit<BuiltBundle, 'map'> & { readonly map?: string | null }): LoadedBundle {
    const workflows = new Map(manifest.workflows.map((workflow) => [workflow.name, workflow]))
    return { org, hash, code, manifest, map, workflows, ids: this.ids, sandbox: this.make(code), forgotten: [] }
  }

  /** Null if the org has no such bundle. */
  load(org: OrgId, hash: string): Promise<LoadedBundle | null> {
    const key = `${org}/${hash}`
    const known = this.loaded.get(key)
    if (known) {
      this.loaded.delete(key)
      this.loaded.set(key, known)
      return known
    }
    const loading = this.read(org, hash)
    this.loaded.set(key, loading)
    loading.then(
      (bundle) => bundle === null && this.loaded.delete(key),
      () => this.loaded.delete(key),
    )
    if (this.loaded.size > BUNDLES_MAX) {
      const oldest = this.loaded.keys().next().value
      if (oldest !== undefined) this.loaded.delete(oldest)
    }
    return loading
  }

  /** The same code was stored with another map, because lines of its files have moved. */
  remap(org: OrgId, hash: string, map: string): void {
    void this.loaded.get(`${org}/${hash}`)?.then(
      (bundle) => {
        if (bundle !== null) bundle.map = map
      },
      () => {},
    )
  }

  /** Replaces a sandbox whose state cannot be trusted any more. */
  renew(bundle: LoadedBundle): void {
    bundle.sandbox.dispose()
    bundle.sandbox = this.make(bundle.code)
    bundle.forgotten.length = 0
  }

  private async read(org: OrgId, hash: string): Promise<LoadedBundle | null> {
    const found = await this.store.bundle(org, hash)
    if (found === null) return null
    return this.open(org, { hash, code: found.code, map: found.map, manifest: JSON.parse(found.manifest) as Manifest })
  }
}

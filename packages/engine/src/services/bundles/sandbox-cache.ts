import type { Sandbox } from '../../sandbox/create-sandbox.ts'
import type { OrgId, RunId, Store } from '../../store/store.ts'
import type { Activation, Manifest, Reaction, WorkflowManifest } from '../../workflow/protocol.ts'

export interface LoadedBundle {
  readonly org: OrgId
  readonly hash: string
  readonly code: string
  readonly manifest: Manifest
  readonly workflows: ReadonlyMap<string, WorkflowManifest>
  readonly ids: IdFormat
  sandbox: Sandbox
  /** Runs whose coroutines are to be forgotten with the next call, since a call alone costs more than a turn. */
  readonly forgotten: string[]
}

/** The memory of ended runs must not pile up until the next call. */
const FORGOTTEN_MAX = 256

/** Delivers activations to a bundle's sandbox. Throws what the sandbox throws. */
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

/** How ids are shown to workflows and steps. Must never change for a database: workflows may depend on what they saw. */
export interface IdFormat {
  readonly run: (id: RunId) => string
  readonly org: (id: OrgId) => string
}

export const plainIds: IdFormat = { run: (id) => id, org: (id) => id }

export type SandboxMaker = (code: string) => Sandbox

/** How many bundles a process keeps; the least recently used goes first. Runs in hand keep theirs. */
const BUNDLES_MAX = 100

/** The bundles that this process has loaded. One sandbox serves all runs of a bundle here. */
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

  /** A bundle with a sandbox of its own, stored or not. The caller disposes of the sandbox. */
  open(org: OrgId, hash: string, code: string, manifest: Manifest): LoadedBundle {
    const workflows = new Map(manifest.workflows.map((workflow) => [workflow.name, workflow]))
    return { org, hash, code, manifest, workflows, ids: this.ids, sandbox: this.make(code), forgotten: [] }
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

  /** Replaces a sandbox whose state can no longer be trusted. */
  renew(bundle: LoadedBundle): void {
    bundle.sandbox.dispose()
    bundle.sandbox = this.make(bundle.code)
    bundle.forgotten.length = 0
  }

  private async read(org: OrgId, hash: string): Promise<LoadedBundle | null> {
    const found = await this.store.bundle(org, hash)
    if (found === null) return null
    return this.open(org, hash, found.code, JSON.parse(found.manifest) as Manifest)
  }
}

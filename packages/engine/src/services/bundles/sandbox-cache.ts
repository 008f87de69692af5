import type { BuiltBundle } from '../../api.ts'
import { type BundleHost, type BundleHosts, SandboxLost } from '../../sandbox/bundle-host.ts'
import type { OrgId, RunId, Store } from '../../store/store.ts'
import type { Activation, Manifest, Reaction, WorkflowManifest } from '../../workflow/protocol.ts'
import { locateFailures } from './locate-failures.ts'
import { BadReaction, readReactions } from './read-reactions.ts'

export interface LoadedBundle {
  readonly org: OrgId
  readonly hash: string
  readonly code: string
  readonly manifest: Manifest
  /** Source map of the code, if it was deployed with one. */
  map: string | null
  readonly workflows: ReadonlyMap<string, WorkflowManifest>
  readonly ids: IdFormat
  host: BundleHost
  /** Runs to evict with the next call into the sandbox, because a call costs more than a turn. */
  readonly forgotten: string[]
}

/** Bounds the memory that ended runs occupy until the next call. */
const FORGOTTEN_MAX = 256

/** Delivers activations to a bundle. Calls are executed in their order. Rejects as BundleHost does, and with BadReaction. */
export async function activate(bundle: LoadedBundle, activations: readonly Activation[]): Promise<readonly Reaction[]> {
  const evictions = bundle.forgotten.splice(0).map((run) => ({ run, at: 0, replaying: false, delivery: { type: 'evict' } }) as const)
  const answers = await bundle.host.activate([...evictions, ...activations])
  return locateFailures(bundle, readReactions(answers, evictions.length, activations))
}

/** Frees the coroutine of a run, at the latest before the next activation of that bundle. */
export function forget(bundle: LoadedBundle, run: string): void {
  bundle.forgotten.push(run)
  // If the bundle fails, the next call with activations notices that.
  if (bundle.forgotten.length >= FORGOTTEN_MAX) activate(bundle, []).catch(() => {})
}

/** The form in which workflows and steps see ids. Must never change for a database, because workflows may depend on ids that they saw. */
export interface IdFormat {
  readonly run: (id: RunId) => string
  readonly org: (id: OrgId) => string
}

export const plainIds: IdFormat = { run: (id) => id, org: (id) => id }

/** How many bundles a process keeps. Drops the least recently used first, except those of runs in work. */
const BUNDLES_MAX = 100

const TRIES = 5

/** The bundles loaded by this process. One sandbox serves all of its runs of a bundle. */
export class SandboxCache {
  private readonly store: Store
  private readonly hosts: BundleHosts
  private readonly ids: IdFormat
  private readonly loaded = new Map<string, Promise<LoadedBundle | null>>()
  /** Called when the runs of a bundle have lost their coroutines. */
  onRenewed: (bundle: LoadedBundle) => void = () => {}
  /** Whether runs of the bundle are in work. */
  isHeld: (bundle: LoadedBundle) => boolean = () => false

  constructor(store: Store, hosts: BundleHosts, ids: IdFormat = plainIds) {
    this.store = store
    this.hosts = hosts
    this.ids = ids
  }

  /** Opens a bundle, stored or not, in a sandbox of its own. The caller disposes of it. */
  open(org: OrgId, { hash, code, manifest, map = null }: Omit<BuiltBundle, 'map'> & { readonly map?: string | null }): LoadedBundle {
    const workflows = new Map(manifest.workflows.map((workflow) => [workflow.name, workflow]))
    const bundle: LoadedBundle = {
      org,
      hash,
      code,
      manifest,
      map,
      workflows,
      ids: this.ids,
      host: this.hostOf(org, code, () => bundle),
      forgotten: [],
    }
    return bundle
  }

  private hostOf(org: OrgId, code: string, bundle: () => LoadedBundle): BundleHost {
    return this.hosts.open(org, code, { onLost: () => this.renew(bundle()), isHeld: () => this.isHeld(bundle()) })
  }

  /** Loads code and returns what it says about itself, unchecked. Again if others took down what it ran in. */
  async describe(org: OrgId, code: string): Promise<Manifest> {
    for (let tries = 1; ; tries++) {
      const host = this.hosts.open(org, code, { onLost: () => {}, isHeld: () => true })
      try {
        return await host.describe()
      } catch (error) {
        if (tries === TRIES || !(error instanceof SandboxLost) || error.isCulprit) throw error
      } finally {
        host.dispose()
      }
    }
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
    this.dropOldest()
    return loading
  }

  private dropOldest(): void {
    const [oldest] = this.loaded
    if (oldest === undefined || this.loaded.size <= BUNDLES_MAX) return
    const [key, loading] = oldest
    this.loaded.delete(key)
    loading.then(
      (bundle) => {
        if (bundle === null || this.loaded.has(key)) return
        if (this.isHeld(bundle)) this.loaded.set(key, loading)
        // What its host runs in would keep it. Parked runs of it are replayed.
        else this.renew(bundle)
      },
      () => {},
    )
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

  /**
   * A call into the bundle failed. Its state is lost, except if it only gave a bad answer about one run. If the process was lost, the host
   * reports that by itself, for all bundles that were in it.
   */
  failed(bundle: LoadedBundle, error: Error): void {
    const isAboutOne = error instanceof BadReaction && error.run !== ''
    if (!isAboutOne && !(error instanceof SandboxLost)) this.renew(bundle)
  }

  /** Replaces a sandbox whose state cannot be trusted any more. */
  renew(bundle: LoadedBundle): void {
    bundle.host.dispose()
    bundle.host = this.hostOf(bundle.org, bundle.code, () => bundle)
    bundle.forgotten.length = 0
    this.onRenewed(bundle)
  }

  close(): void {
    this.hosts.close()
  }

  private async read(org: OrgId, hash: string): Promise<LoadedBundle | null> {
    const found = await this.store.bundle(org, hash)
    if (found === null) return null
    return this.open(org, { hash, code: found.code, map: found.map, manifest: JSON.parse(found.manifest) as Manifest })
  }
}

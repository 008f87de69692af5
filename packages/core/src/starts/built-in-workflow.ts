import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BuiltBundle, OrgId } from '@orrery/engine'
import { buildBundle } from '@orrery/engine/bundle'
import type { CoreEngine } from '@orrery/kernel'

/** A workflow that comes with the product. The product alone starts it, by the hash of its bundle. */
export interface BuiltInWorkflow {
  /** Builds the bundle at the first call, once per process: a server that never starts the workflow does not pay for it. */
  build(): Promise<BuiltBundle>
  /**
   * Puts the bundle where the workers of an organization find it, and returns its hash. The bundle is not the default version of any workflow.
   * The names of its workflows are reserved, so the engine starts them with an authority only, which callers cannot give.
   */
  deploy(engine: CoreEngine, org: OrgId): Promise<string>
}

/** @param entry the module that declares the workflow, without its file ending: it is TypeScript here and JavaScript in a published package. */
export function createBuiltInWorkflow(entry: URL): BuiltInWorkflow {
  let built: Promise<BuiltBundle> | null = null
  const deployed = new WeakMap<CoreEngine, Map<OrgId, Promise<string>>>()

  function build(): Promise<BuiltBundle> {
    if (built !== null) return built
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const building = buildBundle({ entries: [fileURLToPath(entry) + extname(import.meta.url)], root })
    building.catch(() => {
      built = null
    })
    built = building
    return building
  }

  async function save(engine: CoreEngine, org: OrgId): Promise<string> {
    const bundle = await build()
    await engine.saveBundle(org, bundle)
    return bundle.hash
  }

  return {
    build,
    deploy(engine, org) {
      const known = deployed.get(engine) ?? new Map<OrgId, Promise<string>>()
      deployed.set(engine, known)
      const before = known.get(org)
      if (before !== undefined) return before
      const saving = save(engine, org)
      known.set(org, saving)
      saving.catch(() => known.delete(org))
      return saving
    },
  }
}

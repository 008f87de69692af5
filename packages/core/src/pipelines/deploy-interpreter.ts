import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BuiltBundle, OrgId } from '@orrery/engine'
import { buildBundle } from '@orrery/engine/bundle'
import type { CoreEngine } from '@orrery/kernel'

let built: Promise<BuiltBundle> | null = null

/** Builds the interpreter at the first use, once per process. A server that runs no pipelines never builds it. */
export function buildInterpreter(): Promise<BuiltBundle> {
  if (built !== null) return built
  const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
  const building = buildBundle({ entries: [path(`interpreter/interpret-pipeline${extname(import.meta.url)}`)], root: path('../..') })
  building.catch(() => {
    built = null
  })
  built = building
  return building
}

const deployed = new WeakMap<CoreEngine, Map<OrgId, Promise<string>>>()

/**
 * Saves the interpreter's bundle for an organization, where its workers load it. Returns the hash, which each start names. The bundle is
 * never a default version, so neither a workflow nor a caller can start it with its own input, which grants scopes.
 */
export function deployInterpreter(engine: CoreEngine, org: OrgId): Promise<string> {
  const known = deployed.get(engine) ?? new Map<OrgId, Promise<string>>()
  deployed.set(engine, known)
  const before = known.get(org)
  if (before !== undefined) return before
  const deploying = deploy(engine, org)
  known.set(org, deploying)
  deploying.catch(() => known.delete(org))
  return deploying
}

async function deploy(engine: CoreEngine, org: OrgId): Promise<string> {
  const bundle = await buildInterpreter()
  await engine.saveBundle(org, bundle)
  return bundle.hash
}

import { createHash } from 'node:crypto'
import { problem } from '@orrery/contract'
import type { BuiltBundle, Manifest } from '@orrery/engine'
import { type Ctx, canonicalJson, type InputFor } from '@orrery/kernel'
import { requireUnreserved } from './reserved-names.ts'

/**
 * Loads a bundle as a worker would, and compares its own description with the given manifest, so that no bundle is stored that could not
 * run.
 * @throws workflow.bundle_invalid, workflow.name_reserved
 */
export async function openBundle(
  ctx: Ctx,
  input: Pick<InputFor<'workflows.deploy'>, 'hash' | 'code' | 'manifest' | 'map'>,
): Promise<BuiltBundle> {
  const hash = createHash('sha256').update(input.code).digest('hex')
  if (hash !== input.hash) throw problem('workflow.bundle_invalid', `The code’s SHA-256 is ${hash}.`)
  const manifest = await describe(ctx, input.code)
  if (canonicalJson(manifest) !== canonicalJson(input.manifest)) {
    throw problem('workflow.bundle_invalid', 'The manifest differs from the one that the bundle declares.')
  }
  for (const { name } of manifest.workflows) requireUnreserved(name)
  // PostgreSQL can store this JSON, but fails to read members of it.
  if (JSON.stringify(manifest).includes('\\u0000')) throw problem('workflow.bundle_invalid', 'The manifest contains a NUL character.')
  const { code, map } = input
  if (map !== undefined && !isObject(map)) throw problem('workflow.bundle_invalid', 'The source map is not a JSON object.')
  return { hash, code, manifest, ...(map === undefined ? {} : { map }) }
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

async function describe(ctx: Ctx, code: string): Promise<Manifest> {
  try {
    return await ctx.engine.describeBundle(ctx.org, code)
  } catch (error) {
    // The caller sees any error that its code throws while it loads.
    throw problem('workflow.bundle_invalid', `The bundle does not load: ${String(error).slice(0, 500)}`, { cause: error })
  }
}

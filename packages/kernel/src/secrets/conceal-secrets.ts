import { createHmac, hkdfSync } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson } from '../canonical-json.ts'
import type { SecretKeys } from './secret-keys.ts'

type Shape = z.core.$ZodType

/**
 * A copy of a parsed input in which a keyed fingerprint replaces each field that the shape marks as `writeOnly`. The audit log and the
 * idempotency keys store digests of inputs, and an attacker with a copy of the database could guess a short password from a plain digest.
 * The key of the fingerprint is derived for each organization from the active secret key. So after a rotation, a request that is repeated
 * with its idempotency key counts as a different request.
 */
export function concealSecrets<T>(keys: SecretKeys, org: string, shape: Shape, input: T): T {
  if (!holdsSecrets(shape)) return input
  const key = keys.known.get(keys.activeId)
  if (key === undefined) throw new Error('The active key is missing')
  const derived = new Uint8Array(hkdfSync('sha256', key, '', `orrery fingerprint v1 org ${org}`, 32))
  const print = (value: unknown) => createHmac('sha256', derived).update(canonicalJson(value)).digest('hex')
  return conceal(shape, input, print) as T
}

function conceal(shape: Shape, value: unknown, print: (value: unknown) => string): unknown {
  if (value === undefined || value === null) return value
  if (isSecret(shape)) return print(value)
  if (shape instanceof z.ZodOptional || shape instanceof z.ZodNullable) return conceal(shape.unwrap(), value, print)
  if (shape instanceof z.ZodObject) {
    const { shape: fields } = shape
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [
        name,
        Object.hasOwn(fields, name) ? conceal(fields[name] as Shape, field, print) : field,
      ]),
    )
  }
  if (shape instanceof z.ZodUnion) {
    const option = shape.options.find((one) => z.safeParse(one, value).success)
    // A value that fits no option may be a secret.
    return option === undefined ? print(value) : conceal(option, value, print)
  }
  return value
}

const known = new WeakMap<Shape, boolean>()

/** Computed once for each shape. Most shapes have no secrets, so their inputs need not be copied. */
function holdsSecrets(shape: Shape): boolean {
  const before = known.get(shape)
  if (before !== undefined) return before
  // Ends the recursion for a shape that refers to itself.
  known.set(shape, false)
  const holds = isSecret(shape) || partsOf(shape).some(holdsSecrets)
  known.set(shape, holds)
  return holds
}

function partsOf(shape: Shape): readonly Shape[] {
  if (shape instanceof z.ZodOptional || shape instanceof z.ZodNullable) return [shape.unwrap()]
  if (shape instanceof z.ZodObject) return Object.values(shape.shape)
  return shape instanceof z.ZodUnion ? shape.options : []
}

function isSecret(shape: Shape): boolean {
  return z.globalRegistry.get(shape)?.writeOnly === true
}

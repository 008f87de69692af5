import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Operation } from './operation.ts'
import { isScope, PERMISSION_SETS, type PermissionSet, ROLES } from './permissions.ts'
import { listOperations } from './registry.ts'

const TABLE = 'operations.golden.txt'

const advice =
  `The operations differ from ${TABLE}. Other suites take their expectations from the declarations, so no other test notices a wrong ` +
  'permission. If the change is intended, run `npx vitest run --project pure packages/contract/src/operations.test.ts -u`, read each changed ' +
  'line of the table, and commit it with the change'

function describeOperation(operation: Operation): string {
  const { name, permission, grants = false, proof, effect, idempotent, audit = 'nothing', http, secrets = [] } = operation
  const concealed = [...new Set(findConcealed(z.toJSONSchema(operation.input, { io: 'input' })))]
  return [
    name,
    `needs ${permission}${grants ? ' and scopes that it grants' : ''}${proof === undefined ? '' : ' and a recent proof'}`,
    `for ${listCallers(operation).join(' ')}`,
    effect === 'read' ? 'reads' : `writes, ${idempotent ? 'repeatable' : 'repeatable with an idempotency key'}`,
    `audits ${audit}`,
    `${http.method} ${http.path} ${http.status ?? 200}`,
    ...(concealed.length === 0 ? [] : [`conceals ${concealed.join(', ')}`]),
    ...(secrets.length === 0 ? [] : [`shows once ${secrets.join(', ')}`]),
  ].join(' | ')
}

/** The built-in roles that may call it, or the set that administers the installation. */
function listCallers({ permission }: Operation): readonly PermissionSet[] {
  const may = (set: PermissionSet) => !isScope(permission) || (PERMISSION_SETS[set] as readonly string[]).includes(permission)
  const roles = ROLES.toReversed().filter(may)
  return roles.length > 0 ? roles : (['installation'] as const).filter(may)
}

/** Paths of the fields that are marked as secrets. */
function findConcealed(schema: unknown, path = ''): string[] {
  if (Array.isArray(schema)) return schema.flatMap((one) => findConcealed(one, path))
  if (typeof schema !== 'object' || schema === null) return []
  if ('writeOnly' in schema && schema.writeOnly === true) return [path.slice(1)]
  return Object.entries(schema).flatMap(([keyword, part]) =>
    keyword === 'properties'
      ? Object.entries(part as object).flatMap(([name, property]) => findConcealed(property, `${path}.${name}`))
      : findConcealed(part, path),
  )
}

/** Fields that are named like a secret but contain none, and why. Each line has been reviewed. */
const OPEN: Readonly<Record<string, string>> = {
  'credentials.revoke credentialId': 'the id of a credential, which lists show',
  'tools.put definition.implementation.headers':
    'templates of requests, shown by tools.get: a credential belongs in the connection of the tool',
}
const SECRET_NAME = /secret|pass(word|phrase)|token|credential|auth|api_?key|private|signing|cookie|session|^(headers|env|value)$/i

/** Paths of fields that are named like a secret but are not marked as one. */
function findUnmarked(schema: unknown, path = ''): string[] {
  if (Array.isArray(schema)) return schema.flatMap((one) => findUnmarked(one, path))
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([keyword, part]) => {
    if (keyword !== 'properties') return findUnmarked(part, path)
    return Object.entries(part as object).flatMap(([name, property]) => {
      const isUnmarked = SECRET_NAME.test(name) && findConcealed(property).length === 0
      return [...(isUnmarked ? [`${path}.${name}`.slice(1)] : []), ...findUnmarked(property, `${path}.${name}`)]
    })
  })
}

test('a field of an input that is named like a secret is marked as one', () => {
  const unmarked = listOperations().flatMap(({ name, input }) =>
    findUnmarked(z.toJSONSchema(input, { io: 'input' })).map((path) => `${name} ${path}`),
  )
  expect(unmarked).toEqual(Object.keys(OPEN))
})

test('permissions, effects, audit actions and secrets of all operations are those of the reviewed table', async () => {
  const lines = [
    ...listOperations().map(describeOperation),
    ...Object.entries(PERMISSION_SETS).map(([set, permissions]) => `set ${set}: ${permissions.join(', ')}`),
  ]
  await expect(`${lines.join('\n')}\n`, advice).toMatchFileSnapshot(TABLE)
})

test('every operation may be called by a role, or by who administers the installation, and a wider role may call all that a narrower one may', () => {
  expect(listOperations().filter((operation) => listCallers(operation).length === 0)).toEqual([])
  const missing = ROLES.slice(1).flatMap((narrow, at) => {
    const wide: readonly string[] = PERMISSION_SETS[ROLES[at] ?? 'viewer']
    return PERMISSION_SETS[narrow].filter((one) => !wide.includes(one))
  })
  expect(missing).toEqual([])
  expect(PERMISSION_SETS.admin).not.toContain('orgs:admin')
})

test('a dangerous operation is a write, so that no repeated check of an open read refuses it', () => {
  expect(listOperations().filter(({ proof, effect }) => proof !== undefined && effect === 'read')).toEqual([])
})

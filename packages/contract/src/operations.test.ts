import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Operation } from './operation.ts'
import { PERMISSION_SETS } from './permissions.ts'
import { listOperations } from './registry.ts'

const TABLE = 'operations.golden.txt'

const advice =
  `The operations are not what ${TABLE} says. Other suites take what they expect from the declaration, so nothing else notices a wrong ` +
  'permission. If you meant the change, run `npx vitest run --project pure packages/contract/src/operations.test.ts -u`, read each changed ' +
  'line of the table, and commit it with the change'

function describeOperation(operation: Operation): string {
  const { name, permission, effect, idempotent, audit = 'nothing', http, secrets = [] } = operation
  const concealed = [...new Set(findConcealed(z.toJSONSchema(operation.input, { io: 'input' })))]
  return [
    name,
    `needs ${permission}`,
    effect === 'read' ? 'reads' : `writes, ${idempotent ? 'repeatable' : 'repeatable with an idempotency key'}`,
    `audits ${audit}`,
    `${http.method} ${http.path} ${http.status ?? 200}`,
    ...(concealed.length === 0 ? [] : [`conceals ${concealed.join(', ')}`]),
    ...(secrets.length === 0 ? [] : [`shows once ${secrets.join(', ')}`]),
  ].join(' | ')
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

test('each operation needs, does, records and hides what the reviewed table says', async () => {
  const lines = [
    ...listOperations().map(describeOperation),
    ...Object.entries(PERMISSION_SETS).map(([set, permissions]) => `set ${set}: ${permissions.join(', ')}`),
  ]
  await expect(`${lines.join('\n')}\n`, advice).toMatchFileSnapshot(TABLE)
})

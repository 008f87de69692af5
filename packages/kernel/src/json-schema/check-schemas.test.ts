import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Json, JsonObject } from '@orrery/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCompute } from '../compute/create-compute.ts'
import { checkSchemas } from './check-schemas.ts'

const compute = createCompute({ processesMax: 2 })
afterAll(() => compute.stop())
const of = (org: string) => checkSchemas({ org, kernel: { compute } as never, tx: null })

const chain: JsonObject = {
  $ref: '#/$defs/d0',
  $defs: Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [
      `d${n}`,
      n === 39 ? { type: 'string' } : { anyOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}` }] },
    ]),
  ),
}
const hostile: Readonly<Record<string, readonly [JsonObject, Json]>> = {
  'an expression that backtracks': [{ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(60)}!`],
  'a choice that doubles at each level': [chain, 1],
  'a format whose expression backtracks': [{ type: 'string', format: 'url' }, 'http://a.'.repeat(100_000)],
  'unique items that are objects': [{ type: 'array', uniqueItems: true }, Array.from({ length: 60_000 }, (_, a) => ({ a }))],
}

// Loads the code.
beforeAll(() => Promise.all([of('hostile').findFault({}), of('plain').findFault({})]), 60_000)

test.each(Object.keys(hostile))(
  'limits the time of %s, which the server itself does not spend',
  async (name) => {
    const [schema, value] = hostile[name] ?? [{}, null]
    const delay = monitorEventLoopDelay({ resolution: 5 })
    const before = process.threadCpuUsage()
    delay.enable()
    const checked = of('hostile').findMismatch(schema, value)
    expect(await of('plain').findMismatch({ type: 'string', pattern: '^(a+)+$' }, 'aaa')).toBeNull()
    expect(await checked).toEqual({ path: '', message: 'its schema took longer than 2000 ms to check' })
    delay.disable()
    const { user, system } = process.threadCpuUsage(before)
    console.log(
      `${name}: longest delay ${(delay.max / 1e6).toFixed(0)} ms, ${((user + system) / 1000).toFixed(0)} ms of the server's processor`,
    )
    // Two seconds of another process. The server only writes and reads messages.
    expect((user + system) / 1000).toBeLessThan(500)
  },
  120_000,
)

test('a schema that is too large to compile cannot be used', async () => {
  const members = Array.from({ length: 2_600 }, (_, n) => [`p${n}`, { properties: { a: { minLength: n }, b: { enum: [n, {}] } } }])
  expect(await of('hostile').findFault({ properties: Object.fromEntries(members) })).toMatch(/^it (takes too long|is too large)/)
}, 120_000)

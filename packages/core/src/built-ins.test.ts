import { readFileSync } from 'node:fs'
import type { JsonObject } from '@orrery/contract'
import type { Kernel } from '@orrery/kernel'
import { expect, test } from 'vitest'
import { findMismatch } from '../../kernel/src/json-schema/find-mismatch.ts'
import { describeBuiltIns } from '../../tools/src/builtins/built-ins.suite.ts'
import { listBuiltIns } from '../../tools/src/builtins/built-ins.ts'
import { createFeatures } from './features.ts'

// A feature does not use the kernel before it is started.
const features = createFeatures({} as Kernel, { relay: null, observeFirings: () => undefined })
const added = features.flatMap(({ builtIns = [] }) => builtIns)
const all = [...listBuiltIns(), ...added]

describeBuiltIns(added)

test('gives each built-in tool of all features a name of its own', () => {
  expect(added.length).toBeGreaterThan(0)
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
})

test('documents each tool in the guide with its scopes and a valid example', () => {
  const guide = readFileSync(new URL('../../../docs/guides/built-in-tools.md', import.meta.url), 'utf8')
  const steps = [...guide.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(
    ([, text = '']) => JSON.parse(text) as { uses: string; with: JsonObject },
  )
  expect(new Set(steps.map(({ uses }) => uses))).toEqual(new Set(all.map(({ name }) => name)))
  for (const { uses, with: args } of steps) {
    const schema = all.find(({ name }) => name === uses)?.inputSchema ?? {}
    expect([uses, findMismatch(schema, args)]).toEqual([uses, null])
  }
  for (const { name, scopes } of all) expect(guide).toContain(`| \`${name}\` | ${scopes.map((scope) => `\`${scope}\``).join(', ')} |`)
})

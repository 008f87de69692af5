import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { toolDefinition } from '@orrery/contract'
import { expect, test } from 'vitest'
import { checksHere } from '../port/checks-here.fixture.ts'
import { findDefinitionFaults } from './find-definition-faults.ts'

const guide = readFileSync(fileURLToPath(new URL('../../../../docs/guides/tools.md', import.meta.url)), 'utf8')
const definitions = [...guide.matchAll(/^```json(?: (?:metrics\.json))?\n([\s\S]*?)^```$/gm)].map(
  (match) => JSON.parse(match[1] ?? '') as unknown,
)

test('finds no fault in the definitions of the guide', async () => {
  expect(definitions.length).toBeGreaterThan(3)
  for (const given of definitions) expect(await findDefinitionFaults(checksHere, 'guide', toolDefinition.parse(given))).toEqual([])
})

import { containStray, runOwned } from '@orrery/engine'
import { expect, test } from 'vitest'
import { containOutside } from './contain-outside.ts'

const lines: object[] = []
const log = { error: (fields: object) => void lines.push(fields) }
/** What a host's handler of stray errors answers, if one escapes from a timer. */
const escapeFromTimer = () => new Promise<boolean>((resolve) => setTimeout(() => resolve(containStray(new Error('astray'))), 1))

test('an error that escapes from outside work is logged, and not the host’s', async () => {
  expect(await escapeFromTimer()).toBe(false)
  expect(await containOutside(log, 'tools.call', escapeFromTimer)).toBe(true)
  expect(lines.splice(0)).toMatchObject([{ what: 'tools.call', error: { name: 'Error', message: 'astray' } }])
})

test('within a step it belongs to the step', async () => {
  const strays: unknown[] = []
  const owner = { log: null, onStray: (error: unknown) => void strays.push(error) }
  expect(await runOwned(owner, () => containOutside(log, 'tools.call', escapeFromTimer))).toBe(true)
  expect({ strays, lines }).toMatchObject({ strays: [new Error('astray')], lines: [] })
})

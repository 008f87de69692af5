import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { sql } from '../database/sql.ts'
import { createDueClock } from './due-clock.ts'
import type { DueKind } from './due-kind.ts'

let t: TestCore

beforeAll(async () => {
  t = await startTestCore({ work: false })
})
afterAll(() => t.close())

/** A kind that is due at once. Kinds with an earlier time come first. */
const kindAt = (name: string, minute: number, run: DueKind['run']): DueKind => ({
  name,
  waiting: sql`select ${t.org}::uuid as org_id, '2026-01-01'::timestamptz + ${minute} * interval '1 minute' as at`,
  run,
})

it('does the work behind work that fails', async () => {
  const failing = (name: string, minute: number) => kindAt(name, minute, () => Promise.reject(new Error(`${name} fails`)))
  const done = Promise.withResolvers<void>()
  const last = kindAt('last', 9, async () => {
    done.resolve()
    return { count: 1, latenessMs: [] }
  })
  const kinds = [...Array.from({ length: 4 }, (_, at) => failing(`failing-${at}`, at)), last]
  const clock = createDueClock({ kernel: t.core.kernel, kinds, notifier: null })
  clock.start()
  await done.promise
  await clock.stop()
})

it('puts off only what fails, and not what other organizations have due', async () => {
  let failed = 0
  let worked = 0
  const done = Promise.withResolvers<void>()
  const failing = kindAt('failing', 0, async () => {
    failed += 1
    throw new Error('it fails')
  })
  const working = kindAt('working', 9, async () => {
    worked += 1
    if (worked === 20) done.resolve()
    return { count: worked > 20 ? 0 : 1, latenessMs: [] }
  })
  const clock = createDueClock({ kernel: t.core.kernel, kinds: [failing, working], notifier: null })
  clock.start()
  await done.promise
  // It is tried once a second.
  expect(failed).toBeLessThan(worked)
  await clock.stop()
})

import { ProblemError } from '@orrery/contract'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { type Compute, type ComputeOptions, createCompute } from './create-compute.ts'
import { computations } from './hostile-computations.fixture.ts'

const started: Compute[] = []
function start(options: ComputeOptions = {}): Compute {
  const compute = createCompute({ processesMax: 2, ...options })
  started.push(compute)
  return compute
}
afterEach(() => {
  for (const compute of started.splice(0)) compute.stop()
})

const BUSY = 'a'.repeat(60).concat('!')

test('computes in another process, which gets none of the secrets of the process', async () => {
  process.env.ORRERY_SECRET_OF_TEST = 'sesame'
  const compute = start()
  expect(await compute.run('org', computations.double, 21, false)).toMatchObject({ outcome: 'done', value: { value: 42, isServer: false } })
  expect(await compute.run('org', computations.readEnvironment, null, false)).toEqual({ outcome: 'done', value: {} })
})

test('ends an endless loop and a catastrophic expression by their processor time, and computes on in a new process', async () => {
  const compute = start()
  expect(await compute.run('org', computations.loop, null, false)).toEqual({ outcome: 'timeout', limitMs: 100 })
  expect(await compute.run('org', computations.backtrack, BUSY, false)).toEqual({ outcome: 'timeout', limitMs: 100 })
  expect(await compute.run('org', computations.double, 1, false)).toMatchObject({ value: { value: 2 } })
})

test.each(['objects', 'text', 'json'] as const)(
  'ends a computation that takes too much memory (%s), and the server lives',
  async (kind) => {
    const compute = start({ memoryMbMax: 64 })
    expect(await compute.run('org', computations.hoard, kind, false)).toEqual({ outcome: 'memory', limitMb: 64 })
    expect(await compute.run('org', computations.double, 1, false)).toMatchObject({ value: { value: 2 } })
  },
)

test('passes problems on with their fields, and other errors as bugs', async () => {
  const compute = start()
  await expect(compute.run('org', computations.refuse, 'filter', false)).rejects.toMatchObject({
    code: 'invalid_input',
    extra: { errors: [{ path: 'filter', message: 'no' }] },
  })
  await expect(compute.run('org', computations.breakDown, null, false)).rejects.toThrow(TypeError)
  expect(await compute.run('org', computations.double, 1, false)).toMatchObject({ value: { value: 2 } })
})

test('one organization never occupies all processes: another computes while it keeps one busy', async () => {
  const compute = start()
  const order: string[] = []
  const note = (name: string) => () => void order.push(name)
  const hostile = Array.from({ length: 5 }, () => compute.run('hostile', computations.backtrack, BUSY, false).then(note('hostile')))
  const plain = Array.from({ length: 5 }, (_, n) => compute.run('plain', computations.double, n, false).then(note('plain')))
  await Promise.all(plain)
  expect(order.filter((name) => name === 'hostile').length).toBeLessThanOrEqual(1)
  await Promise.all(hostile)
})

test('organizations take turns, and those whose computations are slow leave half of the processes to others', async () => {
  const compute = start()
  const orgs = ['a', 'b', 'c']
  let isEnded = false
  const first = await Promise.all(orgs.map((org) => compute.run(org, computations.backtrack, BUSY, false)))
  const second = Promise.all(orgs.map((org) => compute.run(org, computations.backtrack, BUSY, false))).finally(() => (isEnded = true))
  for (let n = 0; n < 5; n += 1)
    expect(await compute.run('plain', computations.double, n, false)).toMatchObject({ value: { value: 2 * n } })
  expect(isEnded).toBe(false)
  expect([...first, ...(await second)]).toEqual(Array(6).fill({ outcome: 'timeout', limitMs: 100 }))
}, 60_000)

test('of an organization whose computations are slow few may wait with an open transaction, and others are not limited', async () => {
  const compute = start()
  const hostile = Array.from({ length: 8 }, () => compute.run('hostile', computations.loop, null, true).catch((error: unknown) => error))
  const refused = await Promise.race(hostile)
  expect(refused).toMatchObject({ code: 'rate_limited', extra: { retryAfterMs: 1_000 } })
  expect(await compute.run('plain', computations.double, 1, true)).toMatchObject({ value: { value: 2 } })
  const ended = await Promise.all(hostile)
  expect(ended.filter((one) => one instanceof ProblemError)).toHaveLength(5)
  expect(await compute.run('hostile', computations.double, 1, true)).toMatchObject({ value: { value: 2 } })
})

test('uses a new process when an idle one was ended from outside', async () => {
  const compute = start()
  const before = await compute.run('org', computations.processId, null, false)
  if (before.outcome === 'done') process.kill(before.value, 'SIGKILL')
  await eventually(
    () => compute.run('org', computations.double, 2, false),
    ({ outcome }) => outcome === 'done',
  )
})

test('opens no debugger at a signal of another program', async () => {
  const compute = start()
  const before = await compute.run('org', computations.processId, null, false)
  if (before.outcome === 'done') process.kill(before.value, 'SIGUSR1')
  for (let n = 0; n < 100; n++) {
    const answer = await compute.run('org', computations.debuggerUrl, null, false).catch(() => null)
    // The signal ends the process, which handles none.
    expect(answer === null || answer.outcome !== 'done' || answer.value === null).toBe(true)
  }
})

test('refuses what waits when it stops', async () => {
  const compute = start()
  const running = compute.run('org', computations.loop, null, false)
  const waiting = compute.run('org', computations.double, 1, false)
  const refused = Promise.all([
    expect(running).rejects.toMatchObject({ code: 'unavailable' }),
    expect(waiting).rejects.toMatchObject({ code: 'unavailable' }),
  ])
  compute.stop()
  await refused
  await expect(compute.run('org', computations.double, 1, false)).rejects.toMatchObject({ code: 'unavailable' })
})

import { expect, test } from 'vitest'
import { createEchoServer } from '../testing/echo-backend.fixture.ts'
import { type Finding, type Stage, serveHealth } from './serve-health.ts'

test('runs each check once for many concurrent requests, and does not show its error without a key', async () => {
  let checked = 0
  const check = async (): Promise<Finding> => {
    checked += 1
    throw new Error('hunter2 was in the way')
  }
  const app = serveHealth(createEchoServer().backend, { stage: () => 'ready', checks: { queue: check }, metrics: 'off' })
  const answers = await Promise.all(Array.from({ length: 50 }, () => app.request('/health/detailed')))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503))
  expect(await answers[0]?.json()).toEqual({ status: 'down', checks: { queue: 'down' } })
  expect(checked).toBe(1)
})

const appWith = (statuses: Readonly<Record<string, Finding['status']>>, stage: Stage = 'ready') => {
  const toCheck = (status: Finding['status']) => async (): Promise<Finding> =>
    status === 'ok' ? { status, details: {} } : { status, reason: 'a fault', details: {} }
  const checks = Object.fromEntries(Object.entries(statuses).map(([name, status]) => [name, toCheck(status)]))
  return serveHealth(createEchoServer().backend, { stage: () => stage, checks, metrics: 'off' })
}
const ALL = { database: 'ok', migrations: 'ok', engine: 'ok', queue: 'ok' } as const

test.for([
  [{ ...ALL }, 200, 'healthy', { database: 'healthy', redis: 'disabled', workers: 'healthy' }],
  [{ ...ALL, redis: 'ok' }, 200, 'healthy', { database: 'healthy', redis: 'healthy', workers: 'healthy' }],
  [{ ...ALL, redis: 'down' }, 200, 'degraded', { database: 'healthy', redis: 'unhealthy', workers: 'healthy' }],
  [{ ...ALL, queue: 'degraded' }, 200, 'degraded', { database: 'healthy', redis: 'disabled', workers: 'degraded' }],
  [{ ...ALL, database: 'down', queue: 'down' }, 503, 'unhealthy', { database: 'unhealthy', redis: 'disabled', workers: 'unhealthy' }],
] as const)('summarizes %o as %i %s', async ([statuses, code, status, services]) => {
  const answer = await appWith(statuses).request('/health')
  expect([answer.status, await answer.json()]).toEqual([code, { status, services }])
})

test('is alive without a database, but ready only with one and while not stopping', async () => {
  const ask = async (app: ReturnType<typeof appWith>, path: string) => (await app.request(path)).status
  const apps = [appWith(ALL), appWith({ ...ALL, database: 'down' }), appWith(ALL, 'draining'), appWith(ALL, 'stopping')]
  const askAll = (path: string) => Promise.all(apps.map((app) => ask(app, path)))
  expect(await askAll('/health/live')).toEqual([200, 200, 200, 200])
  expect(await askAll('/health/ready')).toEqual([200, 503, 503, 503])
  expect(await askAll('/health')).toEqual([200, 503, 503, 503])
})

import { expect, test } from 'vitest'
import { createEchoServer } from '../testing/echo-backend.fixture.ts'
import { type Finding, serveHealth } from './serve-health.ts'

test('many who ask at once make one look, and a check that fails is down without saying why to everybody', async () => {
  let looks = 0
  const check = async (): Promise<Finding> => {
    looks += 1
    throw new Error('hunter2 was in the way')
  }
  const app = serveHealth(createEchoServer().backend, { accepting: () => true, checks: { queue: check }, metrics: 'off' })
  const answers = await Promise.all(Array.from({ length: 50 }, () => app.request('/health/detailed')))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503))
  expect(await answers[0]?.json()).toEqual({ status: 'down', checks: { queue: 'down' } })
  expect(looks).toBe(1)
})

/** A flood of made-up addresses of webhooks: it is limited by the network that sends it, and no sender of a real webhook notices. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../../tests/support/start-test-core.ts'

let t: TestCore
beforeAll(async () => {
  t = await startTestCore({ work: false })
  await t.deploy()
})
afterAll(() => t?.close())

async function makeWebhook(name: string): Promise<string> {
  await t.call('automations.create', { name, triggers: [{ type: 'webhook' }], workflow: { name: 'greeting', input: { name: 'x' } } })
  const { url } = await t.call('automations.rotateWebhook', { automation: name })
  return url?.split('/').at(-1) ?? ''
}
const deliver = (token: string, address: string) =>
  t.core.receiveWebhook({ token, address, body: Buffer.from('{}'), header: () => null }).then(
    () => 'accepted',
    (error: { code: string }) => error.code,
  )

it('limits made-up addresses by network, and neither webhooks, seen before or not, nor another network', async () => {
  const [seen, fresh] = [await makeWebhook('seen'), await makeWebhook('fresh')]
  expect(await deliver(seen, '192.0.2.1')).toBe('accepted')
  const guess = () => deliver(`orr_hook_${randomBytes(32).toString('base64url')}`, '192.0.2.1')
  expect(new Set(await Promise.all(Array.from({ length: 200 }, guess)))).toEqual(new Set(['not_found']))
  expect(await guess()).toBe('rate_limited')
  expect(await deliver(seen, '192.0.2.1')).toBe('accepted')
  expect(await deliver(fresh, '192.0.2.1')).toBe('accepted')
  expect(await deliver(`orr_hook_${randomBytes(32).toString('base64url')}`, '192.0.2.2')).toBe('not_found')
})

it('limits an address that was replaced by itself', async () => {
  const replaced = await makeWebhook('replaced')
  const { url } = await t.call('automations.rotateWebhook', { automation: 'replaced' })
  const outcomes = new Set<string>()
  for (let i = 0; i < 110; i++) outcomes.add(await deliver(replaced, '192.0.2.3'))
  expect(outcomes).toEqual(new Set(['not_found', 'rate_limited']))
  expect(await deliver(url?.split('/').at(-1) ?? '', '192.0.2.3')).toBe('accepted')
})

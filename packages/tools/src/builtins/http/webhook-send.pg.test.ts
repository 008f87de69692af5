import { createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listenHttp } from '../../../../kernel/src/outside/testing/listen.fixture.ts'
import { startTools, type Tools } from '../testing/start-tools.fixture.ts'
import { webhookSend } from './webhook-send.ts'

let tools: Tools
beforeAll(async () => {
  tools = await startTools()
})
afterAll(() => tools.close())

const key = Buffer.from('a key of twenty-four bytes, and more')
const secret = `whsec_${key.toString('base64')}`

/**
 * Verifies a signature independently of our code, as
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md defines.
 */
function isSigned(headers: IncomingHttpHeaders, body: string): boolean {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const signature = createHmac('sha256', key).update(signed).digest('base64')
  const isFresh = Math.abs(Date.now() / 1000 - Number(headers['webhook-timestamp'])) < 300
  return isFresh && String(headers['webhook-signature']).split(' ').includes(`v1,${signature}`)
}

describe('webhook.send', () => {
  it('posts JSON that the receiver can verify, with the same id in all attempts', async () => {
    const heard: { headers: IncomingHttpHeaders; body: string; method: string | undefined }[] = []
    const port = await listenHttp(async (request, response) => {
      heard.push({ headers: request.headers, body: await text(request), method: request.method })
      response.writeHead(heard.length === 1 ? 503 : 204).end()
    })
    const connection = await tools.connect({ type: 'webhook', secret })
    const args = { url: `http://127.0.0.1:${port}/hook`, payload: { type: 'order.paid', data: 'ü' }, connection }
    expect(await tools.failure(webhookSend, args)).toMatchObject({ name: 'HttpError', isRetryable: true })
    const { output } = await tools.call(webhookSend, args, { attempt: 2 })
    expect(output).toEqual({ status: 204, webhook_id: heard[1]?.headers['webhook-id'] })
    expect(heard[0]?.headers['webhook-id']).toBe(heard[1]?.headers['webhook-id'])
    await tools.call(webhookSend, args, { idempotencyKey: 'another step' })
    expect(heard[2]?.headers['webhook-id']).not.toBe(heard[1]?.headers['webhook-id'])
    for (const { headers, body, method } of heard) {
      expect([method, headers['content-type'], JSON.parse(body)]).toEqual(['POST', 'application/json', args.payload])
      expect(isSigned(headers, body)).toBe(true)
      expect(isSigned(headers, `${body} `)).toBe(false)
    }
  })

  it('does not follow redirects, and fails for good at status 410', async () => {
    const connection = await tools.connect({ type: 'webhook', secret })
    const moved = await listenHttp((_, response) => response.writeHead(302, { location: '/other' }).end())
    const gone = await listenHttp((_, response) => response.writeHead(410).end())
    const to = (port: number) => ({ url: `http://127.0.0.1:${port}/`, payload: {}, connection })
    expect(await tools.failure(webhookSend, to(moved))).toMatchObject({ name: 'OutsideError', isRetryable: false })
    expect(await tools.failure(webhookSend, to(gone))).toMatchObject({ name: 'HttpError', isRetryable: false })
  })

  it('rejects a connection of another type', async () => {
    const bearer = await tools.connect({ type: 'bearer', token: 'hunter2-token' })
    const args = { url: 'http://127.0.0.1/', payload: {} }
    const error = await tools.failure(webhookSend, { ...args, connection: bearer })
    expect([error.name, error.message]).toEqual(['ConnectionError', expect.stringContaining('is of type bearer; this tool needs webhook')])
    expect(await tools.failure(webhookSend, { ...args, connection: 'none' })).toMatchObject({ name: 'ConnectionError', isRetryable: false })
  })
})

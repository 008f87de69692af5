import type { RequestListener } from 'node:http'
import { json } from 'node:stream/consumers'
import type { JsonObject } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listenHttp } from '../../../../kernel/src/outside/testing/listen.fixture.ts'
import { startTools, type Tools } from '../testing/start-tools.fixture.ts'
import { createSlackPost } from './slack-post.ts'

let tools: Tools
let connection: string
const token = 'xoxb-hunter2'
beforeAll(async () => {
  tools = await startTools()
  connection = await tools.connect({ type: 'slack', token })
})
afterAll(() => tools.close())

/** The tool with a local server that answers like Slack's API. */
const postTo = async (answer: RequestListener) => createSlackPost(`http://127.0.0.1:${await listenHttp(answer)}`)

const saying = (value: JsonObject, status = 200, headers = {}): RequestListener => {
  return (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(JSON.stringify(value))
}

describe('slack.post', () => {
  const message = { channel: '#operations', text: 'It *works*', blocks: [{ type: 'divider' }], thread_ts: '1793881800.000100' }

  it('posts a message with the token of its connection', async () => {
    const heard: unknown[] = []
    const post = await postTo(async (request, response) => {
      heard.push(request.method, request.url, request.headers.authorization, await json(request))
      saying({ ok: true, channel: 'C024BE91L', ts: '1793881800.000200', message: {} })(request, response)
    })
    const { output } = await tools.call(post, { connection, ...message })
    expect(output).toEqual({ channel: 'C024BE91L', ts: '1793881800.000200' })
    expect(heard).toEqual(['POST', '/api/chat.postMessage', `Bearer ${token}`, message])
  })

  it.each([
    ['channel_not_found', false],
    ['invalid_auth', false],
    ['ratelimited', true],
    ['internal_error', true],
  ])('fails with code %s and retryable = %s', async (error, isRetryable) => {
    const post = await postTo(saying({ ok: false, error }))
    expect(await tools.failure(post, { connection, ...message })).toMatchObject({
      name: 'SlackError',
      isRetryable,
      details: { code: error },
    })
  })

  it('reports Retry-After when it is rate-limited', async () => {
    const post = await postTo(saying({ ok: false, error: 'ratelimited' }, 429, { 'retry-after': '30' }))
    const error = await tools.failure(post, { connection, ...message })
    expect(error).toMatchObject({ name: 'SlackError', isRetryable: true, details: { status: 429, retry_after: '30' } })
  })

  it('fails as retryable when the answer does not come from Slack', async () => {
    const pages: RequestListener[] = [
      (_, response) => response.end('<html>hello</html>'),
      saying([] as never),
      (_, response) => response.writeHead(502).end(),
    ]
    for (const page of pages) {
      expect(await tools.failure(await postTo(page), { connection, ...message })).toMatchObject({ name: 'SlackError', isRetryable: true })
    }
  })
})

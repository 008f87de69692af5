import { isObject, type Json, json } from '@orrery/contract'
import { fetchOutside } from '@orrery/kernel'
import { z } from 'zod'
import { isTransientStatus } from '../../http/http-failure.ts'
import { readAnswer } from '../../http/read-answer.ts'
import { defineBuiltIn, letters } from '../../port/define-built-in.ts'
import { requireConnection } from '../../port/require-connection.ts'
import { type BuiltIn, type ToolContext, ToolError } from '../../port/tool-port.ts'

/** Errors of `chat.postMessage` that are not caused by the message: https://docs.slack.dev/reference/methods/chat.postMessage. */
const transientErrors: ReadonlySet<string> = new Set([
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
])

export const slackPost: BuiltIn = createSlackPost('https://slack.com')

/** @param origin origin of the API. Tests use a local server. */
export function createSlackPost(origin: string): BuiltIn {
  return defineBuiltIn({
    name: 'slack.post',
    description:
      'Posts a message to a Slack channel (chat.postMessage). If the answer of an attempt is lost, the next attempt posts the message again.',
    args: z.strictObject({
      connection: z.string().meta({ description: 'Id or name of a connection of type slack, whose token has the scope chat:write.' }),
      channel: letters(256, 1).meta({ description: 'Id of a channel or a member, or the name of a public channel.' }),
      text: letters(40_000, 1).meta({ description: 'In mrkdwn. If there are blocks, only notifications show it.' }),
      blocks: z.array(z.record(z.string(), json)).max(50).optional().meta({ description: "Slack's Block Kit." }),
      thread_ts: z
        .string()
        .regex(/^[0-9]+[.][0-9]+$/)
        .optional()
        .meta({ description: 'The ts of a message, to reply in its thread.' }),
    }),
    output: z.strictObject({ channel: z.string(), ts: z.string().meta({ description: 'Identifies the message in its channel.' }) }),
    scopes: ['slack:post'],
    costTier: 'low',
    timeoutMs: 30_000,
    examples: [
      {
        with: { connection: 'slack', channel: '#operations', text: 'The nightly import took *twice* as long as usual.' },
        gives: { channel: 'C024BE91L', ts: '1793881800.000200' },
      },
    ],

    async call({ connection, ...message }, context) {
      const { token } = await requireConnection(context, connection, ['slack'])
      const { ok, error, channel, ts } = await post(`${origin}/api/chat.postMessage`, token, JSON.stringify(message), context)
      if (ok === true) return { output: { channel: String(channel), ts: String(ts) } }
      const code = String(error ?? 'no reason given').slice(0, 100)
      throw new ToolError('SlackError', `Slack did not take the message: ${code}`, {
        isRetryable: transientErrors.has(code),
        details: { code },
      })
    },
  })
}

async function post(
  url: string,
  token: string,
  body: string,
  { outside, signal }: ToolContext,
): Promise<{ readonly [name: string]: Json }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' }
  const answer = await fetchOutside({ url, method: 'POST', headers, body, redirect: 'error', signal }, outside)
  if (answer.status !== 200) {
    const wait = answer.headers.get('retry-after')
    throw new ToolError('SlackError', `Slack answered with status ${answer.status}`, {
      isRetryable: isTransientStatus(answer.status),
      details: { status: answer.status, ...(wait === null ? {} : { retry_after: wait.slice(0, 64) }) },
    })
  }
  const { body: value } = readAnswer(answer, (text) => text)
  // A proxy between us and Slack answered. Its text, perhaps a page, is not useful.
  if (!isObject(value)) throw new ToolError('SlackError', 'The answer of Slack does not follow its API', { isRetryable: true })
  return value
}

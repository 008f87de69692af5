/** A server with the APIs of model providers: OpenAI's chat completions and Anthropic's messages, as documented by the providers. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { listenHttp } from '../../../../kernel/src/outside/testing/listen.fixture.ts'

export interface Asked {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: {
    readonly model: string
    readonly messages: readonly { readonly role: string; readonly content: unknown }[]
    readonly system?: unknown
    readonly tools?: readonly { readonly name: string; readonly input_schema: unknown }[]
    readonly response_format?: { readonly type: string; readonly json_schema?: { readonly schema: unknown; readonly strict?: boolean } }
    readonly max_tokens?: number
    readonly temperature?: number
  }
}

/** The reply of the model: a text, or a function that writes the HTTP response itself, or never does. */
export type Reply = string | ((response: ServerResponse) => void)

export async function listenModel(reply: (asked: Asked) => Reply): Promise<{ readonly url: string; readonly asked: Asked[] }> {
  const asked: Asked[] = []
  const port = await listenHttp(async (request, response) => {
    const one: Asked = { path: request.url ?? '', headers: request.headers, body: (await json(request)) as Asked['body'] }
    asked.push(one)
    const said = reply(one)
    if (typeof said !== 'string') return said(response)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(one.path.endsWith('/messages') ? toMessage(one, said) : toCompletion(one, said)))
  })
  return { url: `http://127.0.0.1:${port}/v1`, asked }
}

/** https://platform.openai.com/docs/api-reference/chat/object */
function toCompletion({ body: { model } }: Asked, content: string) {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_793_881_800,
    model: `${model}-2026-01-31`,
    choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 },
  }
}

/** https://docs.claude.com/en/api/messages */
function toMessage({ body: { model, tools } }: Asked, text: string) {
  const [tool] = tools ?? []
  const content =
    tool === undefined ? { type: 'text', text } : { type: 'tool_use', id: 'toolu_1', name: tool.name, input: JSON.parse(text) }
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: `${model}-20260131`,
    content: [content],
    stop_reason: tool === undefined ? 'end_turn' : 'tool_use',
    stop_sequence: null,
    usage: { input_tokens: 1_000, output_tokens: 100 },
  }
}

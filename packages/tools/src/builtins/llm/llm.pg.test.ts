/**
 * The tools with a language model, against a local server that implements the APIs of the providers: requests, answers, costs and failures.
 */
import type { ConnectionSettings, JsonObject } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listenModel, type Reply } from '../../models/testing/model-server.fixture.ts'
import { localPolicy, startTools, type Tools } from '../testing/start-tools.fixture.ts'
import { llmExtract } from './llm-extract.ts'
import { llmGenerate } from './llm-generate.ts'
import { llmPlan } from './llm-plan.ts'
import { llmSummarize } from './llm-summarize.ts'

let tools: Tools
beforeAll(async () => {
  tools = await startTools()
})
afterAll(() => tools.close())

const apiKey = 'hunter2-api-key'
type Provider = Extract<ConnectionSettings, { type: 'model' }>['provider']
const connect = (provider: Provider, baseUrl: string, more = {}) => tools.connect({ type: 'model', provider, baseUrl, apiKey, ...more })

const schema: JsonObject = {
  type: 'object',
  properties: { item: { type: 'string' }, count: { type: 'integer', minimum: 1 } },
  required: ['item', 'count'],
  additionalProperties: false,
}

const fails = (status: number, body: unknown): Reply => {
  return (response) => void response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '7' }).end(JSON.stringify(body))
}

describe.each([
  ['anthropic', 'claude-haiku-4-5', '/v1/messages', { 'x-api-key': apiKey }, 'claude-haiku-4-5-20260131', 0.0015],
  ['openai', 'gpt-5-mini', '/v1/chat/completions', { authorization: `Bearer ${apiKey}` }, 'gpt-5-mini-2026-01-31', 0.00045],
  ['azure', 'my-deployment', '/v1/chat/completions', { 'api-key': apiKey }, 'my-deployment-2026-01-31', undefined],
  ['compatible', 'llama', '/v1/chat/completions', { authorization: `Bearer ${apiKey}` }, 'llama-2026-01-31', undefined],
] as const)('a model of %s', (provider, name, path, headers, model, cost) => {
  const usage = { inputTokens: 1_000, outputTokens: 100, model, ...(cost === undefined ? {} : { cost: expect.closeTo(cost, 9) }) }

  it('answers with text and reports its usage', async () => {
    const { url, asked } = await listenModel(() => 'Four percent.')
    const connection = await connect(provider, url)
    const result = await tools.call(llmGenerate, { connection, model: name, system: 'Be brief.', prompt: 'How much?', max_tokens: 50 })
    expect(result).toEqual({ output: { text: 'Four percent.', object: null, finish_reason: 'stop', model }, usage })
    expect(asked).toMatchObject([{ path, headers, body: { model: name } }])
    expect(JSON.stringify(asked[0]?.body)).toContain('Be brief.')
    const { authorization, ...others } = asked[0]?.headers ?? {}
    if (!('authorization' in headers)) expect(authorization).toBeUndefined()
    expect(JSON.stringify(others).split(apiKey)).toHaveLength('authorization' in headers ? 1 : 2)
  })

  it('answers with an object that matches a schema', async () => {
    const { url, asked } = await listenModel(() => '{"item":"nails","count":3}')
    const connection = await connect(provider, url, { defaultModel: name })
    const result = await tools.call(llmExtract, { connection, content: 'Send 3 boxes of nails.', schema })
    expect(result).toEqual({ output: { object: { item: 'nails', count: 3 }, model }, usage })
    const { tools: offered, response_format: format } = asked[0]?.body ?? {}
    expect(provider === 'anthropic' ? offered?.[0]?.input_schema : format?.json_schema?.schema).toMatchObject({
      required: ['item', 'count'],
    })
  })

  it('fails when its object does not match the schema', async () => {
    const { url } = await listenModel(() => '{"item":"nails","count":0}')
    const error = await tools.failure(llmExtract, { connection: await connect(provider, url), model: name, content: 'x', schema })
    expect([error.name, error.isRetryable, error.message]).toEqual(['ModelError', true, 'The answer of the model: count must be >= 1'])
    // The provider charges for the answer, so the usage is reported.
    expect(error.usage).toEqual(usage)
  })

  it.each([
    [400, false],
    [401, false],
    [404, false],
    [429, true],
    [500, true],
    [529, true],
  ])('fails at status %i with retryable = %s', async (status, isRetryable) => {
    const message = `What is ${apiKey}?`
    const { url, asked } = await listenModel(() =>
      fails(status, { type: 'error', error: { type: 'an_error', message, param: null, code: null } }),
    )
    const error = await tools.failure(llmGenerate, { connection: await connect(provider, url), model: name, prompt: 'x' })
    expect(error).toMatchObject({ name: 'ModelError', isRetryable, details: { status, retry_after: '7' } })
    expect(error.message).toContain(status === 401 ? '401' : 'What is [secret]?')
    expect(asked).toHaveLength(1)
  })

  it('is not called at a closed address, and rejects with the abort reason when it is stopped', async () => {
    const stopped = new AbortController()
    const reason = new Error('Another worker has it')
    const { url, asked } = await listenModel(() => () => stopped.abort(reason))
    const args = { connection: await connect(provider, url), model: name, prompt: 'x' }
    const closed = { outside: { ...localPolicy, allow: [] } }
    expect(await tools.failure(llmGenerate, args, closed)).toMatchObject({ name: 'OutsideError', details: { reason: 'address' } })
    expect(asked).toEqual([])
    await expect(tools.call(llmGenerate, args, { signal: stopped.signal })).rejects.toBe(reason)
  })
})

describe('llm.generate', () => {
  it('reads an object from the fence that a model put around it', async () => {
    const { url, asked } = await listenModel(() => 'Here you are:\n```json\n{"item":"nails","count":3}\n```')
    const connection = await connect('compatible', url)
    const { output } = await tools.call(llmGenerate, { connection, model: 'llama', prompt: 'x', schema })
    expect(output).toMatchObject({ text: '{"item":"nails","count":3}', object: { item: 'nails', count: 3 } })
    expect(JSON.stringify(asked[0]?.body.messages)).toContain('fit this JSON Schema')
  })

  it('fails when the answer is not an object, and when it does not follow the API', async () => {
    let reply: Reply = 'Sorry, I cannot.'
    const { url } = await listenModel(() => reply)
    const args = { connection: await connect('compatible', url), model: 'llama', prompt: 'x', schema }
    expect(await tools.failure(llmGenerate, args)).toMatchObject({ name: 'ModelError', isRetryable: true })
    reply = (response) => void response.end('<html>hello</html>')
    expect(await tools.failure(llmGenerate, args)).toMatchObject({ name: 'ModelError', isRetryable: true })
  })

  it('rejects an invalid schema without calling the model', async () => {
    const { url, asked } = await listenModel(() => '{}')
    const args = { connection: await connect('compatible', url), model: 'llama', prompt: 'x' }
    const error = await tools.failure(llmGenerate, { ...args, schema: { type: 'object', properties: { a: { type: 'strin' } } } })
    expect(error).toMatchObject({
      name: 'InvalidArguments',
      isRetryable: false,
      message: expect.stringMatching(/^`schema` cannot be used/),
    })
    expect(asked).toEqual([])
  })

  it('uses the lower price for cached input, and reports no cost without token counts', async () => {
    const usages = [{ prompt_tokens: 1_000, completion_tokens: 100, prompt_tokens_details: { cached_tokens: 600 } }, undefined]
    const { url } = await listenModel(() => (response) => {
      const message = { role: 'assistant', content: 'x' }
      const choices = [{ index: 0, message, finish_reason: 'stop' }]
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ id: 'a', object: 'chat.completion', created: 1, model: 'gpt-5-mini', choices, usage: usages.shift() }))
    })
    const args = { connection: await connect('openai', url), model: 'gpt-5-mini', prompt: 'x' }
    const [cached, uncounted] = [await tools.call(llmGenerate, args), await tools.call(llmGenerate, args)]
    expect(cached.usage).toMatchObject({ inputTokens: 1_000, cost: expect.closeTo((400 * 0.25 + 600 * 0.025 + 100 * 2) / 1e6, 12) })
    expect(uncounted.usage).toEqual({ model: 'gpt-5-mini' })
  })

  it('fails without a model in the arguments or the connection', async () => {
    const error = await tools.failure(llmGenerate, { connection: await connect('compatible', 'http://127.0.0.1:1/v1'), prompt: 'x' })
    expect(error).toMatchObject({ name: 'ModelError', isRetryable: false })
  })
})

describe('llm.summarize', () => {
  it('puts the options into the prompt, and returns the summary', async () => {
    const { url, asked } = await listenModel(() => ' Revenue rose. \n')
    const args = { connection: await connect('compatible', url), model: 'llama', content: { revenue: [100, 104] }, focus: 'revenue' }
    const { output } = await tools.call(llmSummarize, { ...args, style: 'bullets', max_words: 30, language: 'German', temperature: 0 })
    expect(output).toEqual({ summary: 'Revenue rose.', model: 'llama-2026-01-31' })
    const [system, prompt] = asked[0]?.body.messages ?? []
    for (const wish of ['at most 30 words', 'a list with a dash', 'language: German', 'attention to: revenue'])
      expect(system?.content).toContain(wish)
    expect(prompt?.content).toBe('<content>\n{\n  "revenue": [\n    100,\n    104\n  ]\n}\n</content>')
    expect(asked[0]?.body.temperature).toBe(0)
  })
})

describe('llm.plan', () => {
  it('returns steps that use only the given tools', async () => {
    const step = { number: 1, title: 'Send it', description: 'To all.', tool: 'email.send', after: [] }
    let steps = [step]
    const { url, asked } = await listenModel(() => JSON.stringify({ steps }))
    const args = { connection: await connect('compatible', url), model: 'llama', goal: 'Tell the team', background: 'Ten people.' }
    const offered = { tools: [{ name: 'email.send', description: 'Sends e-mail.' }] }
    expect((await tools.call(llmPlan, { ...args, ...offered })).output).toEqual({ steps, model: 'llama-2026-01-31' })
    expect(asked[0]?.body.messages[0]?.content).toContain('- email.send: Sends e-mail.')
    expect(await tools.failure(llmPlan, args)).toMatchObject({ name: 'ModelError', isRetryable: true })
    steps = [{ ...step, tool: 'email.sand' }]
    expect(await tools.failure(llmPlan, { ...args, ...offered })).toMatchObject({ name: 'ModelError', isRetryable: true })
    steps = Array.from({ length: 4 }, () => step)
    expect(await tools.failure(llmPlan, { ...args, ...offered, max_steps: 3 })).toMatchObject({ name: 'ModelError', isRetryable: true })
  })
})

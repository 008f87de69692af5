/** Checks of every provider of models. A new provider needs no line here. */
import { connectionSettings } from '@orrery/contract'
import { generateText } from 'ai'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ModelSettings } from './provider.ts'
import { costOf, providers } from './providers.ts'

const apiKey = 'key-of-the-organization'
const settingsOf = (provider: ModelSettings['provider'], baseUrl?: string): ModelSettings => ({
  type: 'model',
  provider,
  apiKey,
  ...(baseUrl === undefined ? {} : { baseUrl }),
})

/** Returns the URL and headers of the requests that a provider makes. */
async function ask(settings: ModelSettings): Promise<{ readonly url: string; readonly headers: string[] }[]> {
  const asked: { url: string; headers: string[] }[] = []
  const model = await providers[settings.provider].open(settings, 'some-model', async (input, init) => {
    asked.push({ url: String(input), headers: [...new Headers(init?.headers).values()] })
    return new Response('{}', { status: 500 })
  })
  await generateText({ model, prompt: 'Hello', maxRetries: 0 }).catch(() => undefined)
  return asked
}

afterEach(() => vi.unstubAllEnvs())

describe.each(Object.keys(providers) as (keyof typeof providers)[])('provider %s', (name) => {
  it('has the name under which it is listed, and is a valid provider of a connection', () => {
    expect(providers[name].name).toBe(name)
    expect(connectionSettings.safeParse(settingsOf(name, 'https://models.example.com/v1')).success).toBe(true)
  })

  it('sends the key of the connection to the URL of the connection only', async () => {
    for (const variable of ['OPENAI_BASE_URL', 'ANTHROPIC_BASE_URL']) vi.stubEnv(variable, 'https://environment.example.com')
    const asked = await ask(settingsOf(name, 'https://models.example.com/v1'))
    expect(asked.map(({ url }) => new URL(url).origin)).toEqual(['https://models.example.com'])
    expect(asked[0]?.headers.some((header) => header.includes(apiKey))).toBe(true)
  })

  it('does not take the URL from the environment of the server', async () => {
    for (const variable of ['OPENAI_BASE_URL', 'ANTHROPIC_BASE_URL']) vi.stubEnv(variable, 'https://environment.example.com')
    if (!connectionSettings.safeParse(settingsOf(name)).success) return expect(ask(settingsOf(name))).rejects.toThrow(/requires a baseUrl/)
    const asked = await ask(settingsOf(name))
    expect(asked).toHaveLength(1)
    expect(asked[0]?.url).not.toContain('environment.example.com')
  })
})

it('lists prices where output costs more than input, and input more than cached input', () => {
  const prices = Object.values(providers).flatMap((provider) => Object.entries(provider.prices))
  expect(prices.length).toBeGreaterThan(10)
  for (const [model, [input, output, cached]] of prices) {
    expect([model, output > input, input > cached, cached > 0]).toEqual([model, true, true, true])
  }
})

it('finds the price of a model without its release date, and uses the lower price for cached input', () => {
  const tokens = { input: 1_000_000, output: 100_000, cached: 400_000 }
  expect(costOf('openai', 'gpt-5-mini-2026-01-31', tokens)).toBeCloseTo(0.6 * 0.25 + 0.4 * 0.025 + 0.1 * 2)
  expect(costOf('anthropic', 'claude-haiku-4-5-20251001', tokens)).toBeCloseTo(0.6 * 1 + 0.4 * 0.1 + 0.1 * 5)
  expect(costOf('openai', 'constructor', tokens)).toBeNull()
  expect(costOf('azure', 'gpt-5-mini', tokens)).toBeNull()
})

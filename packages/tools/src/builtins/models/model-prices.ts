import type { ConnectionSettings } from '@orrery/contract'

export type ModelProvider = Extract<ConnectionSettings, { type: 'model' }>['provider']

type Price = readonly [input: number, output: number, cached: number]

/**
 * US dollars for a million tokens: the providers' list prices of spring 2026, at the standard tier. Cached is input that the provider remembers from
 * calls before; OpenAI does so unasked.
 */
const prices: Readonly<Partial<Record<ModelProvider, Readonly<Record<string, Price>>>>> = {
  anthropic: {
    'claude-opus-4-7': [5, 25, 0.5],
    'claude-opus-4-6': [5, 25, 0.5],
    'claude-opus-4-5': [5, 25, 0.5],
    'claude-sonnet-4-6': [3, 15, 0.3],
    'claude-sonnet-4-5': [3, 15, 0.3],
    'claude-haiku-4-5': [1, 5, 0.1],
  },
  openai: {
    'gpt-5.4': [2.5, 15, 0.25],
    'gpt-5.1': [1.25, 10, 0.125],
    'gpt-5': [1.25, 10, 0.125],
    'gpt-5-mini': [0.25, 2, 0.025],
    'gpt-5-nano': [0.05, 0.4, 0.005],
    'gpt-4.1': [2, 8, 0.5],
    'gpt-4.1-mini': [0.4, 1.6, 0.1],
    'gpt-4.1-nano': [0.1, 0.4, 0.025],
    'gpt-4o': [2.5, 10, 1.25],
    'gpt-4o-mini': [0.15, 0.6, 0.075],
    o3: [2, 8, 0.5],
    'o4-mini': [1.1, 4.4, 0.275],
  },
}

/**
 * Null for a model whose price is not known here. A date behind a model's name (`-20251001`, `-2026-01-31`) is that of its release.
 * @param cachedTokens those of the input that were cached.
 */
export function priceOf(
  provider: ModelProvider,
  model: string,
  inputTokens: number,
  outputTokens: number,
  cachedTokens: number,
): number | null {
  const known = prices[provider]
  const name = model.replace(/-\d{4}-?\d{2}-?\d{2}$/, '')
  const price = known !== undefined && Object.hasOwn(known, name) ? known[name] : undefined
  if (price === undefined) return null
  const [input, output, cached] = price
  return ((inputTokens - cachedTokens) * input + cachedTokens * cached + outputTokens * output) / 1_000_000
}

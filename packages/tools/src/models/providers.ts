import type { Provider, ProviderName } from './provider.ts'
import { anthropic } from './providers/anthropic.ts'
import { azure } from './providers/azure.ts'
import { compatible } from './providers/compatible.ts'
import { openai } from './providers/openai.ts'

/** All providers. The compiler requires a line for each provider in the contract. */
export const providers: { readonly [P in ProviderName]: Provider } = { anthropic, openai, azure, compatible }

interface Tokens {
  readonly input: number
  readonly output: number
  /** Part of the input. */
  readonly cached: number
}

/**
 * The cost of a call in US dollars; null if the price of the model is unknown. A release date after the name (`-20251001`, `-2026-01-31`)
 * is ignored.
 */
export function costOf(provider: ProviderName, model: string, tokens: Tokens): number | null {
  const { prices } = providers[provider]
  const name = model.replace(/-\d{4}-?\d{2}-?\d{2}$/, '')
  const price = Object.hasOwn(prices, name) ? prices[name] : undefined
  if (price === undefined) return null
  const [input, output, cached] = price
  return ((tokens.input - tokens.cached) * input + tokens.cached * cached + tokens.output * output) / 1_000_000
}

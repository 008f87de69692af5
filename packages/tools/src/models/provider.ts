/**
 * The interface of a provider of language models. Each is one file in `providers/` and one line in `providers.ts`; a suite runs over all of
 * them.
 */
import type { ConnectionSettings, JsonFields } from '@orrery/contract'
import type { LanguageModel } from 'ai'

export type ModelSettings = Extract<ConnectionSettings, { type: 'model' }>
export type ProviderName = ModelSettings['provider']

/** US dollars for a million tokens at the standard tier. `cached` is the price of input that the provider cached in earlier calls. */
type Price = readonly [input: number, output: number, cached: number]

export interface Provider {
  readonly name: ProviderName
  /** List prices by model name without the release date. */
  readonly prices: Readonly<Record<string, Price>>
  /** Whether the models follow a schema that is sent beside the prompt. If not, the prompt states it too. */
  readonly followsSchemas: boolean
  /** Options for the package of the provider, sent with each request. */
  readonly requestOptions: { [packageName: string]: JsonFields }
  /**
   * Opens a model by the name that the provider uses. Loads the package at the first call. Implementations always pass the base URL, even
   * the default: the packages would otherwise read it from the environment, which belongs to the server and not to the organization.
   */
  open(settings: ModelSettings, model: string, fetch: typeof globalThis.fetch): Promise<LanguageModel>
}

/** The base URL for a provider without a default. */
export function requireBaseUrl({ provider, baseUrl }: ModelSettings): string {
  if (baseUrl === undefined) throw new Error(`The shape of connections requires a baseUrl for ${provider}`)
  return baseUrl
}

/** What a provider of language models consists of. Each is one file in `providers/`, and one line in `providers.ts`; a suite walks them all. */
import type { ConnectionSettings, JsonFields } from '@orrery/contract'
import type { LanguageModel } from 'ai'

export type ModelSettings = Extract<ConnectionSettings, { type: 'model' }>
export type ProviderName = ModelSettings['provider']

/** US dollars for a million tokens, at the standard tier. Cached is input that the provider remembers from calls before. */
type Price = readonly [input: number, output: number, cached: number]

export interface Provider {
  readonly name: ProviderName
  /** List prices by the name of the model, without the date of its release. */
  readonly prices: Readonly<Record<string, Price>>
  /** Whether its models keep to a schema that is sent beside the prompt. If not, the prompt states it too. */
  readonly followsSchemas: boolean
  /** For its package, with each request. */
  readonly requestOptions: { [packageName: string]: JsonFields }
  /**
   * A model by the name that the provider has for it. The package is loaded at the first call. The address is always given, also where it is the
   * usual one: packages would take another one from the environment, which is the server's and not the organization's.
   */
  open(settings: ModelSettings, model: string, fetch: typeof globalThis.fetch): Promise<LanguageModel>
}

/** The address of a provider that has no usual one. */
export function requireBaseUrl({ provider, baseUrl }: ModelSettings): string {
  if (baseUrl === undefined) throw new Error(`The shape of connections requires an address for ${provider}`)
  return baseUrl
}

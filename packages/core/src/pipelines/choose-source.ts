import { type Json, problem } from '@orrery/contract'

interface SourceInput {
  readonly pipeline?: string | undefined
  readonly version?: number | undefined
  readonly definition?: Json | undefined
}

/** A reference to a stored pipeline, or the raw JSON of an inline definition. */
export type ChosenSource = { readonly name: string; readonly version?: number } | { readonly raw: Json }

/** @throws invalid_input */
export function chooseSource({ pipeline, version, definition }: SourceInput): ChosenSource {
  if ((pipeline === undefined) === (definition === undefined))
    throw refused('pipeline', 'Exactly one of pipeline and definition must be given')
  if (pipeline === undefined && version !== undefined) throw refused('version', 'Only a stored pipeline has versions')
  if (definition !== undefined) return { raw: definition }
  return { name: pipeline ?? '', ...(version === undefined ? {} : { version }) }
}

const refused = (path: string, message: string) => problem('invalid_input', `${message}.`, { errors: [{ path, message }] })

import type { Json, JsonObject } from '@orrery/contract'

/** What every call of a model takes beside what it is about. */
export interface ModelArgs {
  readonly connection: string
  readonly model?: string
  readonly temperature?: number
  readonly max_tokens?: number
}

export const MODEL_MS_MAX = 120_000
export const TEXT_LETTERS_MAX = 1_000_000

const properties: JsonObject = {
  connection: { type: 'string', description: 'Id or name of one of type model.' },
  model: { type: 'string', minLength: 1, maxLength: 256, description: 'Without one, that of the connection. Of Azure: the deployment.' },
  temperature: { type: 'number', minimum: 0, maximum: 2, description: 'Some models refuse any.' },
  max_tokens: { type: 'integer', minimum: 1, maximum: 200_000, default: 8_192, description: 'Of the answer.' },
}

/** The schema of a tool's arguments: its own, and those of every model. */
export function modelInput(own: JsonObject, required: readonly string[]): JsonObject {
  return {
    type: 'object',
    properties: { ...own, ...properties } as Json,
    required: ['connection', ...required],
    additionalProperties: false,
  }
}

/** The schema of what a tool gives: its own, and which model gave it. All of it is always there. */
export function modelOutput(own: JsonObject): JsonObject {
  return {
    type: 'object',
    properties: { ...own, model: { type: 'string', description: 'As the provider names it.' } } as Json,
    required: [...Object.keys(own), 'model'],
    additionalProperties: false,
  }
}

/** The schema of a schema: models answer with objects only. */
export const objectSchema: JsonObject = {
  type: 'object',
  properties: { type: { const: 'object' } },
  required: ['type'],
  description: 'JSON Schema 2020-12 of an object, which the answer then is.',
}

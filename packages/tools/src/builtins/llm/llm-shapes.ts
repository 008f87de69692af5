import type { Json, JsonObject } from '@orrery/contract'
import { z } from 'zod'
import { letters } from '../../port/define-built-in.ts'

export const MODEL_MS_MAX = 120_000
export const TEXT_LETTERS_MAX = 1_000_000

/** Arguments that every tool with a model has in addition to its own: see ModelChoice. */
export const modelArgs = {
  connection: z.string().meta({ description: 'Id or name of a connection of type model.' }),
  model: letters(256, 1).optional().meta({ description: 'Default: the model of the connection. For Azure, the name of the deployment.' }),
  temperature: z.number().min(0).max(2).optional().meta({ description: 'Some models do not accept it.' }),
  max_tokens: z.int().min(1).max(200_000).default(8_192).meta({ description: 'Limit for the answer.' }),
}

/** Part of every output. */
export const modelOutput = { model: z.string().meta({ description: 'The name that the provider returned.' }) }

/** A JSON Schema of an object: structured answers are always objects. */
export const objectSchema = z.looseObject({ type: z.literal('object') }).meta({
  description: 'JSON Schema 2020-12 of an object. The answer is then an object that matches it.',
}) as unknown as z.ZodType<JsonObject>

/** Any JSON object. */
export const jsonObject = z.record(z.string(), z.unknown()) as unknown as z.ZodType<{ [name: string]: Json }>

import type { Json, JsonObject } from '@orrery/contract'
import { z } from 'zod'
import { letters } from '../../port/define-built-in.ts'

export const MODEL_MS_MAX = 120_000
export const TEXT_LETTERS_MAX = 1_000_000

/** Arguments that every call of a model takes beside its own: see ModelChoice. */
export const modelArgs = {
  connection: z.string().meta({ description: 'Id or name of one of type model.' }),
  model: letters(256, 1).optional().meta({ description: 'Without one, that of the connection. Of Azure: the deployment.' }),
  temperature: z.number().min(0).max(2).optional().meta({ description: 'Some models refuse any.' }),
  max_tokens: z.int().min(1).max(200_000).default(8_192).meta({ description: 'Of the answer.' }),
}

/** Part of every output. */
export const modelOutput = { model: z.string().meta({ description: 'As the provider names it.' }) }

/** A JSON Schema: models answer with objects only. */
export const objectSchema = z
  .looseObject({ type: z.literal('object') })
  .meta({ description: 'JSON Schema 2020-12 of an object, which the answer then is.' }) as unknown as z.ZodType<JsonObject>

/** Any object of JSON. */
export const jsonObject = z.record(z.string(), z.unknown()) as unknown as z.ZodType<{ [name: string]: Json }>

import type { Json } from '@orrery/contract'
import { createOutsideFetch } from '../../outside/create-outside-fetch.ts'
import { type JsonObject, type ToolContext, ToolError, type ToolUsage } from '../tool-port.ts'
import type { ModelArgs } from './model-arguments.ts'
import { toModelFailure } from './model-failure.ts'
import { priceOf } from './model-prices.ts'
import { schemaPrompt } from './model-prompts.ts'
import { type ModelSettings, openModel } from './open-model.ts'
import { openTyped } from './open-typed.ts'
import { patientPolicy } from './patient-policy.ts'
import { readObject } from './read-object.ts'

export interface Question {
  readonly prompt: string
  readonly system?: string
  /** Of an object, which the answer then is. */
  readonly schema?: JsonObject
}

export interface ModelAnswer {
  /** With a schema, the object as JSON. */
  readonly text: string
  /** Null without a schema. */
  readonly object: { [name: string]: Json } | null
  readonly finishReason: string
  /** As the provider names it. */
  readonly model: string
  readonly usage: ToolUsage
}

/**
 * Asks a model once: attempts are counted by whoever runs the step.
 * @throws ToolError (`ModelError`), OutsideError
 */
export async function callModel(args: ModelArgs, question: Question, context: ToolContext): Promise<ModelAnswer> {
  const settings = await openTyped(context, args.connection, ['model'])
  const name = args.model ?? settings.defaultModel
  if (name === undefined) {
    throw new ToolError('ModelError', 'There is no model: give `model`, here or `defaultModel` in the connection', { isRetryable: false })
  }
  const { text, finishReason, model, inputTokens, outputTokens } = await ask(settings, name, args, question, context)
  const object = question.schema === undefined ? null : readObject(text, question.schema, finishReason)
  const cost = priceOf(settings.provider, model, inputTokens, outputTokens)
  return {
    text: object === null ? text : JSON.stringify(object),
    object,
    finishReason,
    model,
    usage: { inputTokens, outputTokens, model, ...(cost === null ? {} : { cost }) },
  }
}

async function ask(settings: ModelSettings, name: string, args: ModelArgs, question: Question, { outside, signal }: ToolContext) {
  const { generateText, jsonSchema, Output } = await import('ai')
  const { schema } = question
  const system = systemOf(question, settings)
  try {
    const answer = await generateText({
      model: await openModel(settings, name, createOutsideFetch(patientPolicy(outside))),
      ...(system === undefined ? {} : { system }),
      prompt: question.prompt,
      // The object is read from the text by us: the packages give up where a fence around it is all that is wrong.
      ...(schema === undefined
        ? {}
        : { output: { ...Output.text(), responseFormat: Output.object({ schema: jsonSchema(schema) }).responseFormat } }),
      maxOutputTokens: args.max_tokens ?? 8_192,
      ...(args.temperature === undefined ? {} : { temperature: args.temperature }),
      maxRetries: 0,
      abortSignal: signal,
      // Schemas are people's own: most do not keep to what the strict modes allow.
      providerOptions: { openai: { strictJsonSchema: false }, anthropic: { structuredOutputMode: 'jsonTool' } },
    })
    const { inputTokens = 0, outputTokens = 0 } = answer.usage
    return { text: answer.text, finishReason: answer.finishReason, model: answer.response.modelId, inputTokens, outputTokens }
  } catch (error) {
    signal.throwIfAborted()
    throw await toModelFailure(error, settings)
  }
}

function systemOf({ system, schema }: Question, { provider }: ModelSettings): string | undefined {
  if (schema === undefined || provider !== 'compatible') return system
  return system === undefined ? schemaPrompt(schema) : `${system}\n\n${schemaPrompt(schema)}`
}

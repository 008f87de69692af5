import type { Json, JsonObject } from '@orrery/contract'
import { createOutsideFetch, findSchemaFault } from '@orrery/kernel'
import type { LanguageModelUsage } from 'ai'
import { allowSlowAnswers } from '../../http/allow-slow-answers.ts'
import { requireConnection } from '../../port/require-connection.ts'
import { type ToolContext, ToolError, type ToolUsage } from '../../port/tool-port.ts'
import type { ModelArgs } from './model-arguments.ts'
import { toModelFailure } from './model-failure.ts'
import { priceOf } from './model-prices.ts'
import { schemaPrompt } from './model-prompts.ts'
import { type ModelSettings, openModel } from './open-model.ts'
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
 * @throws ToolError (`ModelError`, `InvalidArguments` for a schema that is none), OutsideError
 */
export async function callModel(args: ModelArgs, question: Question, context: ToolContext): Promise<ModelAnswer> {
  const fault = question.schema === undefined ? null : findSchemaFault(question.schema)
  // Told before anything is spent: no answer fits such a schema.
  if (fault !== null) throw new ToolError('InvalidArguments', `\`schema\` cannot be used: ${fault}`, { isRetryable: false })
  const settings = await requireConnection(context, args.connection, ['model'])
  const name = args.model ?? settings.defaultModel
  if (name === undefined) {
    throw new ToolError('ModelError', 'There is no model: give `model`, here or `defaultModel` in the connection', { isRetryable: false })
  }
  const { text, finishReason, model, tokens } = await ask(settings, name, args, question, context)
  const usage = toUsage(settings.provider, model, tokens)
  const object = question.schema === undefined ? null : readObject(text, question.schema, finishReason, usage)
  return { text: object === null ? text : JSON.stringify(object), object, finishReason, model, usage }
}

/** A count that the server did not tell is not known; it is not zero. */
function toUsage(provider: ModelSettings['provider'], model: string, tokens: LanguageModelUsage): ToolUsage {
  const { inputTokens, outputTokens, inputTokenDetails } = tokens
  const isCounted = inputTokens !== undefined && outputTokens !== undefined
  const cost = isCounted ? priceOf(provider, model, inputTokens, outputTokens, inputTokenDetails.cacheReadTokens ?? 0) : null
  return {
    model,
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...(cost === null ? {} : { cost }),
  }
}

async function ask(settings: ModelSettings, name: string, args: ModelArgs, question: Question, { outside, signal }: ToolContext) {
  const { generateText, jsonSchema, Output } = await import('ai')
  const { schema } = question
  const system = systemOf(question, settings)
  try {
    const answer = await generateText({
      model: await openModel(settings, name, createOutsideFetch(allowSlowAnswers(outside))),
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
    return { text: answer.text, finishReason: answer.finishReason, model: answer.response.modelId, tokens: answer.usage }
  } catch (error) {
    signal.throwIfAborted()
    throw await toModelFailure(error, settings)
  }
}

function systemOf({ system, schema }: Question, { provider }: ModelSettings): string | undefined {
  if (schema === undefined || provider !== 'compatible') return system
  return system === undefined ? schemaPrompt(schema) : `${system}\n\n${schemaPrompt(schema)}`
}

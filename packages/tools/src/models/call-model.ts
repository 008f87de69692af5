import type { Json, JsonObject } from '@orrery/contract'
import { createOutsideFetch, findSchemaFault } from '@orrery/kernel'
import type { LanguageModelUsage } from 'ai'
import { allowSlowAnswers } from '../http/allow-slow-answers.ts'
import { requireConnection } from '../port/require-connection.ts'
import { type ToolContext, ToolError, type ToolUsage } from '../port/tool-port.ts'
import { toModelFailure } from './model-failure.ts'
import type { ModelSettings } from './provider.ts'
import { costOf, providers } from './providers.ts'
import { readObject } from './read-object.ts'

/** Which model is asked, and how. */
export interface ModelChoice {
  /** Name or id of a connection of type model. */
  readonly connection: string
  /** Without one, that of the connection. */
  readonly model?: string | undefined
  readonly temperature?: number | undefined
  /** Of the answer. */
  readonly max_tokens: number
}

export interface ModelQuestion {
  readonly prompt: string
  readonly system?: string | undefined
  /** Of an object, which the answer then is. */
  readonly schema?: JsonObject | undefined
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
export async function callModel(choice: ModelChoice, question: ModelQuestion, context: ToolContext): Promise<ModelAnswer> {
  const fault = question.schema === undefined ? null : findSchemaFault(question.schema)
  // Told before anything is spent: no answer fits such a schema.
  if (fault !== null) throw new ToolError('InvalidArguments', `\`schema\` cannot be used: ${fault}`, { isRetryable: false })
  const settings = await requireConnection(context, choice.connection, ['model'])
  const name = choice.model ?? settings.defaultModel
  if (name === undefined) {
    throw new ToolError('ModelError', 'There is no model: give `model`, here or `defaultModel` in the connection', { isRetryable: false })
  }
  const { text, finishReason, model, tokens } = await ask(settings, name, choice, question, context)
  const usage = toUsage(settings.provider, model, tokens)
  const object = question.schema === undefined ? null : readObject(text, question.schema, finishReason, usage)
  return { text: object === null ? text : JSON.stringify(object), object, finishReason, model, usage }
}

/** A count that the server did not tell is not known; it is not zero. */
function toUsage(provider: ModelSettings['provider'], model: string, tokens: LanguageModelUsage): ToolUsage {
  const { inputTokens, outputTokens, inputTokenDetails } = tokens
  const isCounted = inputTokens !== undefined && outputTokens !== undefined
  const cached = inputTokenDetails.cacheReadTokens ?? 0
  const cost = isCounted ? costOf(provider, model, { input: inputTokens, output: outputTokens, cached }) : null
  return {
    model,
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...(cost === null ? {} : { cost }),
  }
}

async function ask(settings: ModelSettings, name: string, choice: ModelChoice, question: ModelQuestion, { outside, signal }: ToolContext) {
  const { generateText, jsonSchema, Output } = await import('ai')
  const { schema } = question
  const provider = providers[settings.provider]
  const system = systemOf(question, provider.followsSchemas)
  try {
    const answer = await generateText({
      model: await provider.open(settings, name, createOutsideFetch(allowSlowAnswers(outside))),
      ...(system === undefined ? {} : { system }),
      prompt: question.prompt,
      // The object is read from the text by us: the packages give up where a fence around it is all that is wrong.
      ...(schema === undefined
        ? {}
        : { output: { ...Output.text(), responseFormat: Output.object({ schema: jsonSchema(schema) }).responseFormat } }),
      maxOutputTokens: choice.max_tokens,
      ...(choice.temperature === undefined ? {} : { temperature: choice.temperature }),
      maxRetries: 0,
      abortSignal: signal,
      providerOptions: provider.requestOptions,
    })
    return { text: answer.text, finishReason: answer.finishReason, model: answer.response.modelId, tokens: answer.usage }
  } catch (error) {
    signal.throwIfAborted()
    throw await toModelFailure(error, settings)
  }
}

function systemOf({ system, schema }: ModelQuestion, followsSchemas: boolean): string | undefined {
  if (schema === undefined || followsSchemas) return system
  const wanted = `Answer with JSON alone, without a word before or after it. It has to fit this JSON Schema:\n${JSON.stringify(schema)}`
  return system === undefined ? wanted : `${system}\n\n${wanted}`
}

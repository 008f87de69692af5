import type { Json, JsonObject } from '@orrery/contract'
import { checkSchemas, createOutsideFetch } from '@orrery/kernel'
import type { LanguageModelUsage } from 'ai'
import { allowSlowAnswers } from '../http/allow-slow-answers.ts'
import { requireConnection } from '../port/require-connection.ts'
import { type ToolContext, ToolError, type ToolUsage } from '../port/tool-port.ts'
import { toModelFailure } from './model-failure.ts'
import type { ModelSettings } from './provider.ts'
import { costOf, providers } from './providers.ts'
import { readObject } from './read-object.ts'

/** Which model to call, and with which options. */
export interface ModelChoice {
  /** Name or id of a connection of type model. */
  readonly connection: string
  /** Default: the model of the connection. */
  readonly model?: string | undefined
  readonly temperature?: number | undefined
  /** Limit for the answer. */
  readonly max_tokens: number
}

export interface ModelQuestion {
  readonly prompt: string
  readonly system?: string | undefined
  /** JSON Schema of an object. If set, the answer is an object that matches it. */
  readonly schema?: JsonObject | undefined
}

export interface ModelAnswer {
  /** With a schema, the object serialized as JSON. */
  readonly text: string
  /** Null without a schema. */
  readonly object: { [name: string]: Json } | null
  readonly finishReason: string
  /** The name that the provider returned. */
  readonly model: string
  readonly usage: ToolUsage
}

/**
 * Calls a model once; the runner of the step does the retries.
 * @throws ToolError (`ModelError`, or `InvalidArguments` for an invalid schema), OutsideError
 */
export async function callModel(choice: ModelChoice, question: ModelQuestion, context: ToolContext): Promise<ModelAnswer> {
  const schemas = checkSchemas(context.ctx)
  const fault = question.schema === undefined ? null : await schemas.findFault(question.schema)
  // Check before the call costs anything: no answer can match such a schema.
  if (fault !== null) throw new ToolError('InvalidArguments', `\`schema\` cannot be used: ${fault}`, { isRetryable: false })
  const settings = await requireConnection(context, choice.connection, ['model'])
  const name = choice.model ?? settings.defaultModel
  if (name === undefined) {
    throw new ToolError('ModelError', 'There is no model: pass `model`, or set `defaultModel` in the connection', { isRetryable: false })
  }
  const { text, finishReason, model, tokens } = await ask(settings, name, choice, question, context)
  const usage = toUsage(settings.provider, model, tokens)
  const object = question.schema === undefined ? null : await readObject(schemas, text, question.schema, finishReason, usage)
  return { text: object === null ? text : JSON.stringify(object), object, finishReason, model, usage }
}

/** A count that the server did not report is left out: it is unknown, not zero. */
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
      // `readObject` reads the object from the text, because the packages fail if there is a fence around it.
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

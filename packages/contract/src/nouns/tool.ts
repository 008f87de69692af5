/** Tools: what a pipeline step or an agent can call. docs/guides/tools.md explains the members. */
import { z } from 'zod'
import { duration } from '../duration.ts'
import { runId, toolCallId } from '../ids.ts'
import type { Json } from '../json.ts'
import { json, name, sha256, text, timestamp } from '../scalars.ts'
import { pipelineDefinition } from './pipeline.ts'

export const toolName = z
  .string()
  .max(128)
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$/,
    'Expected letters, digits, dashes and underscores, in words separated by dots, such as analytics.business_metrics',
  )

export interface JsonFields {
  [key: string]: Json
}

/** An object with any members. Stored objects are bounded. */
function fields(bytesMax: number) {
  return z
    .unknown()
    .refine((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'Expected an object')
    .refine((value) => (JSON.stringify(value) ?? '').length <= bytesMax, `At most ${bytesMax} characters as JSON`)
    .meta({ type: 'object' }) as unknown as z.ZodType<JsonFields>
}

const SCHEMA_LETTERS_MAX = 200_000
const ARGUMENTS_LETTERS_MAX = 100_000

const schema = fields(SCHEMA_LETTERS_MAX)
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'Expected the name of an HTTP header')
const method = z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'])
const connectionRef = text(128).meta({ description: 'The name or id of a connection.' })
const httpUrl = text(2048).regex(/^https?:\/\/[^\s/?#@{}]+([/?][^\s]*)?$/, 'Expected an http or https URL without a user name in it')

export const costTier = z.enum(['free', 'low', 'medium', 'high'])

export const httpImplementation = z.strictObject({
  kind: z.literal('http'),
  method,
  url: httpUrl.meta({
    description: 'The URL, with `{placeholders}` for arguments after the host.',
    examples: ['https://api.example.com/items/{id}'],
  }),
  headers: z.record(headerName, text(8192)).optional(),
  query: z.record(text(256), json).optional(),
  body: json.optional().meta({ description: 'The body, with `"{placeholders}"`. Default: the arguments that are not used elsewhere.' }),
  encoding: z.enum(['json', 'form']).optional().meta({ description: 'Encoding of the body. Default: json.' }),
  connection: connectionRef.optional(),
})

const parameter = z.strictObject({
  name: text(256),
  in: z.enum(['path', 'query', 'header']),
  /** The argument that supplies the value. */
  argument: text(256),
  style: z.enum(['simple', 'form', 'spaceDelimited', 'pipeDelimited', 'deepObject']).optional(),
  explode: z.boolean().optional(),
})

export const openApiImplementation = z.strictObject({
  kind: z.literal('openapi'),
  baseUrl: httpUrl,
  method,
  path: text(2048).regex(/^\//, 'Expected a path'),
  parameters: z.array(parameter).max(100),
  body: z.strictObject({ argument: text(256), mediaType: text(128) }).optional(),
  connection: connectionRef.optional(),
})

export const mcpImplementation = z.strictObject({
  kind: z.literal('mcp'),
  connection: connectionRef,
  tool: text(256).meta({ description: 'The name of the tool on the server.' }),
})

export const builtInImplementation = z.strictObject({
  kind: z.literal('builtin'),
  builtIn: toolName.meta({ description: 'One of Orrery’s own tools.' }),
  with: fields(ARGUMENTS_LETTERS_MAX).optional().meta({ description: 'Fixed arguments.' }),
  connection: connectionRef.optional(),
})

export const workflowImplementation = z.strictObject({ kind: z.literal('workflow'), workflow: name, version: sha256.optional() })

export const pipelineImplementation = z.strictObject({
  kind: z.literal('pipeline'),
  definition: pipelineDefinition.meta({ description: 'The pipeline; its `params` are the arguments of the tool.' }),
  grants: z.array(text(128)).max(100).optional().meta({
    description: 'Scopes for the tools that it calls; its callers do not need them. The scopes that callers need are in `scopes`.',
  }),
})

export const toolImplementation = z.discriminatedUnion('kind', [
  httpImplementation,
  mcpImplementation,
  openApiImplementation,
  builtInImplementation,
  workflowImplementation,
  pipelineImplementation,
])
export type ToolImplementation = z.infer<typeof toolImplementation>
export type ToolKind = ToolImplementation['kind']
export const toolKind = z.enum(toolImplementation.options.map(({ shape }) => shape.kind.value))

const example = z.strictObject({ with: fields(ARGUMENTS_LETTERS_MAX), gives: json.optional() })

/** A definition as it is submitted and stored. */
export const toolDefinition = z.strictObject({
  description: text(10_000).meta({ description: 'What the tool does, for people and for models that choose among tools.' }),
  inputSchema: schema.optional().meta({
    type: 'object',
    properties: { type: { const: 'object' } },
    required: ['type'],
    description:
      'JSON Schema (2020-12) of the arguments, which are an object. Default: the schema of the implementation if it has one, else anything.',
  }),
  outputSchema: schema.optional().meta({ description: 'JSON Schema of the result. Default: anything.' }),
  scopes: z
    .array(text(128))
    .max(50)
    .default([])
    .meta({ description: 'A run may call the tool only if it was granted all of these scopes.' }),
  costTier: costTier.default('low'),
  timeout: duration.optional().meta({
    description: 'Time limit of one attempt, at most an hour. Default: 30 seconds; an hour for tools that run a workflow or a pipeline.',
  }),
  examples: z.array(example).max(20).default([]),
  implementation: toolImplementation,
})
export type ToolDefinition = z.infer<typeof toolDefinition>

/** `changed`, `refused`, `missing`: for a tool of an MCP server whose current definition is not the accepted one. It is not called. */
export const toolStatus = z.enum(['ready', 'changed', 'refused', 'missing'])
export type ToolStatus = z.infer<typeof toolStatus>

export const toolSummary = z.object({
  name: z.string(),
  kind: toolKind,
  description: z.string(),
  isBuiltIn: z.boolean().meta({ description: 'True for Orrery’s own tools, which have no version and cannot be changed.' }),
  version: z.number().int().nullable(),
  status: toolStatus,
  scopes: z.array(z.string()),
  costTier,
  updatedAt: timestamp.nullable(),
})

/** The part of a tool that an MCP server defines. */
const offer = z.object({ description: z.string(), inputSchema: json, outputSchema: json.nullable(), pin: sha256 })

export const tool = toolSummary.extend({
  definition: toolDefinition.extend({ inputSchema: json }),
  pin: sha256.nullable().meta({ description: 'Hash of the definition that was accepted from an MCP server.' }),
  offer: offer.nullable().meta({ description: 'The current definition on the MCP server, if it differs from the accepted one.' }),
  createdAt: timestamp.nullable(),
})

export const toolCall = z.object({
  id: toolCallId,
  tool: z.string(),
  version: z.number().int().nullable(),
  kind: toolKind,
  runId: runId.nullable().meta({ description: 'The run that made the call; null for a call by hand.' }),
  step: z.string(),
  attempt: z.number().int(),
  outcome: z
    .enum(['succeeded', 'failed', 'stopped'])
    .meta({ description: '`stopped`: the run was cancelled, or taken over by another worker, in the meantime.' }),
  error: z.object({ name: z.string(), message: z.string(), isRetryable: z.boolean() }).nullable(),
  startedAt: timestamp,
  tookMs: z.number().int(),
  usage: z.object({
    inputTokens: z.number().nullable(),
    outputTokens: z.number().nullable(),
    cost: z.number().nullable().meta({ description: 'In US dollars, if known.' }),
    model: z.string().nullable(),
  }),
})

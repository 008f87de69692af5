import { z } from 'zod'
import { duration } from '../duration.ts'
import { runId } from '../ids.ts'
import { costTier, type JsonFields, tool, toolCall, toolDefinition, toolKind, toolName, toolSummary } from '../nouns/tool.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { json, sha256, text } from '../scalars.ts'

const byName = z.strictObject({ tool: toolName })
const fields = z
  .unknown()
  .refine((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'Expected an object')
  .meta({ type: 'object' }) as unknown as z.ZodType<JsonFields>

export const putTool = defineOperation({
  name: 'tools.put',
  summary: 'Create or replace a tool',
  description:
    'A tool is a named HTTP request, a built-in tool with fixed arguments, a workflow or a pipeline. Each change creates a version; steps use the ' +
    'newest. `tools.discover` creates the tools of MCP servers; their scopes, texts and limits can be changed here.',
  input: byName.extend({ definition: toolDefinition }),
  output: tool,
  problems: ['tool.name_reserved', 'tool.too_many', 'pipeline.invalid'],
  permission: 'tools:write',
  grants: true,
  effect: 'write',
  idempotent: true,
  audit: 'tool.put',
  http: { method: 'PUT', path: '/tools/{tool}' },
  cli: { verb: 'tools put', positionals: ['tool'] },
})

export const getTool = defineOperation({
  name: 'tools.get',
  summary: 'Show a tool',
  description: 'With the JSON Schemas of its arguments and its result.',
  input: byName,
  output: tool,
  problems: ['tool.not_found'],
  permission: 'tools:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/tools/{tool}' },
  mcp: { tool: 'tool_get' },
  cli: { verb: 'tools get', positionals: ['tool'] },
})

export const listTools = defineOperation({
  name: 'tools.list',
  summary: 'List tools',
  description: 'The tools of the organization and Orrery’s own, ordered by name.',
  input: z.strictObject({
    ...pageInput,
    kind: toolKind.optional(),
    search: text(200).optional().meta({ description: 'A part of the name or the description.' }),
  }),
  output: page(toolSummary),
  problems: [],
  permission: 'tools:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/tools' },
  mcp: { tool: 'tool_list' },
  cli: { verb: 'tools list' },
  rows: 'items',
})

export const deleteTool = defineOperation({
  name: 'tools.delete',
  summary: 'Delete a tool',
  description: 'Steps that call it fail from now on.',
  input: byName,
  output: tool,
  problems: ['tool.not_found', 'tool.name_reserved'],
  permission: 'tools:write',
  effect: 'write',
  idempotent: true,
  audit: 'tool.deleted',
  http: { method: 'DELETE', path: '/tools/{tool}' },
  cli: { verb: 'tools delete', positionals: ['tool'] },
})

const DOCUMENT_BYTES_MAX = 10 * 1024 * 1024

export const importTools = defineOperation({
  name: 'tools.import',
  summary: 'Create tools from an OpenAPI document',
  description:
    'Creates one tool for each operation of an OpenAPI 3.0 or 3.1 document, sent as JSON or fetched from a URL. Reports the operations that were ' +
    'left out, and why.',
  input: z.strictObject({
    document: fields.optional().meta({ description: 'The document. Set either this or `url`.' }),
    url: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .optional(),
    prefix: toolName.meta({ description: 'Prefix of each name: `<prefix>.<operationId>`.' }),
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .optional()
      .meta({ description: 'Replaces the first server of the document.' }),
    connection: text(128).optional().meta({ description: 'Name or id of a connection; its credentials are sent with each call.' }),
    only: z.array(text(256)).max(500).optional().meta({ description: 'Ids of the operations to import. Default: all.' }),
    limit: z.number().int().min(1).max(500).default(100).meta({ description: 'The most operations to import.' }),
    scopes: z.array(text(128)).max(50).default([]),
    costTier: costTier.default('low'),
    timeout: duration.default('30s'),
  }),
  output: z.object({
    title: z.string(),
    tools: z.array(
      z.object({ name: z.string(), operation: z.string(), version: z.number().int(), outcome: z.enum(['added', 'replaced', 'unchanged']) }),
    ),
    leftOut: z.array(z.object({ operation: z.string(), reason: z.string() })),
  }),
  problems: ['tool.source_failed', 'tool.too_many'],
  choices: [{ of: ['document', 'url'], given: 'one' }],
  permission: 'tools:write',
  effect: 'write',
  idempotent: true,
  audit: 'tool.imported',
  execution: 'outside',
  http: { method: 'POST', path: '/tools/import', maxBodyBytes: DOCUMENT_BYTES_MAX },
  roundsNumbersIn: ['document'],
  cli: { verb: 'tools import', positionals: ['prefix'] },
})

export const discoverTools = defineOperation({
  name: 'tools.discover',
  summary: 'Create tools from an MCP server',
  description:
    'Lists the tools of the server of a connection (`mcp_http`, `mcp_stdio`) and pins each definition by its hash. A tool whose definition has ' +
    'changed since then is not called until `tools.review` accepts the change.',
  input: z.strictObject({
    connection: text(128).meta({ description: 'Name or id of the connection.' }),
    prefix: toolName.optional().meta({ description: 'Prefix of each name. Default: the name of the connection.' }),
    only: z
      .array(text(256))
      .max(500)
      .optional()
      .meta({ description: 'Names of the tools to create, as the server names them. Default: all.' }),
    scopes: z.array(text(128)).max(50).default([]),
    costTier: costTier.default('low'),
    timeout: duration.default('60s'),
  }),
  output: z.object({
    tools: z.array(
      z.object({
        name: z.string(),
        tool: z.string().meta({ description: 'The name of the tool on the server.' }),
        outcome: z.enum(['added', 'unchanged', 'restored', 'changed', 'refused', 'missing']),
      }),
    ),
    leftOut: z.array(z.object({ tool: z.string(), reason: z.string() })),
    warnings: z.array(z.string()).meta({ description: 'What the server does against the protocol, as far as it does no harm.' }),
  }),
  problems: ['connection.not_found', 'connection.unreadable', 'tool.source_failed', 'tool.too_many'],
  permission: 'tools:write',
  effect: 'write',
  idempotent: true,
  audit: 'tool.discovered',
  execution: 'outside',
  http: { method: 'POST', path: '/tools/discover' },
  cli: { verb: 'tools discover', positionals: ['connection'] },
})

export const reviewTool = defineOperation({
  name: 'tools.review',
  summary: 'Accept or refuse the changed definition of a tool',
  description: 'For tools of MCP servers. `pin` identifies the definition that was reviewed, so that no other one is accepted by mistake.',
  input: byName.extend({ decision: z.enum(['accept', 'refuse']), pin: sha256.meta({ description: 'The `offer.pin` of the tool.' }) }),
  output: tool,
  problems: ['tool.not_found', 'tool.no_offer', 'tool.name_reserved'],
  permission: 'tools:write',
  effect: 'write',
  idempotent: false,
  audit: 'tool.reviewed',
  http: { method: 'POST', path: '/tools/{tool}/review' },
  cli: { verb: 'tools review', positionals: ['tool', 'decision', 'pin'] },
})

export const listToolCalls = defineOperation({
  name: 'tools.calls',
  summary: 'List tool calls',
  description: 'Newest first, with time, duration, outcome and usage. Calls are kept for 90 days.',
  input: z.strictObject({ ...pageInput, tool: toolName.optional(), runId: runId.optional() }),
  output: page(toolCall),
  problems: [],
  permission: 'tools:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/tool-calls' },
  cli: { verb: 'tools calls' },
  rows: 'items',
})

export const callToolByHand = defineOperation({
  name: 'tools.call',
  summary: 'Call a tool',
  description:
    'Calls the tool once, outside any run, with all scopes that it requires; the caller needs those among them that are permissions. Takes at most ' +
    'a minute. Tools that start a run (kinds `workflow` and `pipeline`) cannot be called this way.',
  input: byName.extend({
    args: fields.default({}),
    timeout: duration.optional().meta({ description: 'Default: the time limit of the tool, at most 60s.' }),
  }),
  output: z.object({
    output: json,
    tookMs: z.number().int(),
    usage: z.object({
      inputTokens: z.number().nullable(),
      outputTokens: z.number().nullable(),
      cost: z.number().nullable(),
      model: z.string().nullable(),
    }),
  }),
  problems: ['tool.not_found', 'tool.failed'],
  permission: 'tools:call',
  effect: 'write',
  idempotent: false,
  audit: 'tool.called',
  execution: 'outside',
  http: { method: 'POST', path: '/tools/{tool}/call' },
  mcp: { tool: 'tool_call', destructive: true },
  cli: { verb: 'tools call', positionals: ['tool'] },
})

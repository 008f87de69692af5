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
    'Gives a name to an HTTP request, a built-in tool with some arguments set, a workflow or a pipeline. Each change is a new version; steps use the ' +
    'newest. Tools of MCP servers are made by `tools.discover`; here their scopes, texts and limits can be changed.',
  input: byName.extend({ definition: toolDefinition }),
  output: tool,
  problems: ['tool.name_reserved', 'tool.too_many', 'pipeline.invalid'],
  permission: 'tools:write',
  effect: 'write',
  idempotent: true,
  audit: 'tool.put',
  http: { method: 'PUT', path: '/tools/{tool}' },
  cli: { verb: 'tools put', positionals: ['tool'] },
})

export const getTool = defineOperation({
  name: 'tools.get',
  summary: 'Show a tool',
  description: 'With the JSON Schemas of what it takes and gives.',
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
  description: 'Those of the organization and Orrery’s own, by name.',
  input: z.strictObject({
    ...pageInput,
    kind: toolKind.optional(),
    search: text(200).optional().meta({ description: 'Part of the name or of the description.' }),
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
  summary: 'Make tools of an OpenAPI document',
  description:
    'One tool for each operation of an OpenAPI 3.0 or 3.1 document, given as JSON or fetched from a URL. Tells what was left out and why.',
  input: z.strictObject({
    document: fields.optional().meta({ description: 'The document; or give `url`.' }),
    url: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .optional(),
    prefix: toolName.meta({ description: 'In front of each name: `<prefix>.<operationId>`.' }),
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .optional()
      .meta({ description: 'In place of the document’s first server.' }),
    connection: text(128).optional().meta({ description: 'By name or id; its credentials go with each call.' }),
    only: z.array(text(256)).max(500).optional().meta({ description: 'Ids of the operations that are wanted; absent: all.' }),
    limit: z.number().int().min(1).max(500).default(100).meta({ description: 'Operations at most.' }),
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
  permission: 'tools:write',
  effect: 'write',
  idempotent: true,
  audit: 'tool.imported',
  execution: 'outside',
  http: { method: 'POST', path: '/tools/import', maxBodyBytes: DOCUMENT_BYTES_MAX },
  cli: { verb: 'tools import', positionals: ['prefix'] },
})

export const discoverTools = defineOperation({
  name: 'tools.discover',
  summary: 'Make tools of what an MCP server offers',
  description:
    'Asks the server of a connection (`mcp_http`, `mcp_stdio`) for its tools and keeps each definition by its hash. A tool whose definition has ' +
    'changed since is not called until `tools.review` accepts it.',
  input: z.strictObject({
    connection: text(128).meta({ description: 'By name or id.' }),
    prefix: toolName.optional().meta({ description: 'In front of each name; absent: the name of the connection.' }),
    only: z.array(text(256)).max(500).optional().meta({ description: 'Names at the server of the tools that are wanted; absent: all.' }),
    scopes: z.array(text(128)).max(50).default([]),
    costTier: costTier.default('low'),
    timeout: duration.default('60s'),
  }),
  output: z.object({
    tools: z.array(
      z.object({
        name: z.string(),
        tool: z.string().meta({ description: 'Its name at the server.' }),
        outcome: z.enum(['added', 'unchanged', 'restored', 'changed', 'refused', 'missing']),
      }),
    ),
    leftOut: z.array(z.object({ tool: z.string(), reason: z.string() })),
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
  description: 'Of an MCP server. `pin` says which definition was looked at, so that no other one is accepted in its place.',
  input: byName.extend({ decision: z.enum(['accept', 'refuse']), pin: sha256.meta({ description: '`offer.pin` of the tool.' }) }),
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
  summary: 'List calls of tools',
  description: 'Newest first: when, how long, how it ended, what it used. Kept for 90 days.',
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
    'Once, now, outside of any run, with all scopes that it asks for; those that are permissions the caller needs himself. At most a minute. ' +
    'What starts a run (`workflow`, `pipeline`) is not called so.',
  input: byName.extend({
    args: fields.default({}),
    timeout: duration.optional().meta({ description: 'Absent: the tool’s own, at most 60s.' }),
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

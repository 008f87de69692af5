import { z } from 'zod'
import { runId } from '../ids.ts'
import { json, name, priority, sha256, timestamp } from '../scalars.ts'

const milliseconds = z.number().int().positive()

/**
 * The options that a workflow declares when its bundle is built. They are data, so that the host can apply them without running code.
 * Unknown members are allowed: the server compares the whole with the bundle's own description.
 */
export const workflowOptions = z.looseObject({
  timeoutMs: milliseconds.optional(),
  queue: name.optional(),
  priority: priority.optional(),
  concurrency: z
    .object({
      limit: z.number().int().positive(),
      key: z.string().optional(),
      onFull: z.enum(['queue', 'cancel_in_progress', 'cancel_newest']).optional(),
    })
    .optional(),
  rateLimit: z.looseObject({ limit: z.number().int().positive(), periodMs: milliseconds, key: z.string().optional() }).optional(),
  debounce: z.looseObject({ delayMs: milliseconds, key: z.string().optional(), maxDelayMs: milliseconds.optional() }).optional(),
})

export const workflowManifest = z.looseObject({
  name,
  description: z.string().max(10_000).nullable(),
  inputSchema: json.nullable().meta({ description: 'JSON Schema 2020-12 of the input.' }),
  outputSchema: json.nullable(),
  options: workflowOptions,
})

export const manifest = z.looseObject({ protocol: z.number().int().positive(), workflows: z.array(workflowManifest).min(1).max(1000) })

export const workflow = z.object({
  name: z.string(),
  version: z.string().meta({ description: 'Hash of the bundle that new runs use.' }),
  description: z.string().nullable(),
  deployedAt: timestamp,
})

export const workflowDetail = workflow.extend({ inputSchema: json.nullable(), outputSchema: json.nullable(), options: workflowOptions })

export const workflowVersion = z.object({ version: sha256, deployedAt: timestamp, isDefault: z.boolean() })

export const deployFinding = z.object({ runId, workflow: z.string(), ok: z.boolean(), reason: z.string().nullable() })

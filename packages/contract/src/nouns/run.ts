import { z } from 'zod'
import { runId } from '../ids.ts'
import { json, priority, timestamp } from '../scalars.ts'

/** The status of a run, with the same words on every face. */
export const runStatus = z.enum(['queued', 'running', 'waiting', 'paused', 'blocked', 'succeeded', 'failed', 'cancelled', 'timed_out'])
export type RunStatus = z.infer<typeof runStatus>

export const failure = z.object({
  name: z.string(),
  message: z.string(),
  kind: z.enum(['error', 'timeout', 'cancelled', 'non_retryable', 'child_failed', 'invalid']),
  stack: z.string().optional(),
  details: json.optional(),
  cause: json.optional().meta({ description: 'The error that caused this one, in the same form; a few levels deep.' }),
  errors: z.array(json).optional().meta({ description: 'The first errors of an AggregateError, in the same form.' }),
})
export type FailureShape = z.infer<typeof failure>

export const runOrigin = z.object({
  kind: z.enum(['retry', 'fork']),
  runId,
  seq: z.number().int().meta({ description: 'The rows of the source’s history before this one were copied.' }),
})

/** A run in a list: without payloads. */
export const runSummary = z.object({
  id: runId,
  workflow: z.string(),
  automation: z.string().nullable().meta({ description: 'Name of the automation that fired the run, or the run that it repeats.' }),
  pipeline: z.string().nullable().meta({ description: 'Name of the stored pipeline that the run executes.' }),
  version: z.string().meta({ description: 'Hash of the bundle that the run is pinned to.' }),
  status: runStatus,
  queue: z.string(),
  priority,
  tags: z.array(z.string()),
  createdAt: timestamp,
  finishedAt: timestamp.nullable(),
  deadline: timestamp.nullable().meta({ description: 'When the run times out.' }),
  parentRunId: runId.nullable(),
  origin: runOrigin.nullable(),
})
export type RunSummary = z.infer<typeof runSummary>

export const run = runSummary.extend({
  input: json,
  output: json.nullable(),
  error: failure.nullable(),
  reason: z.string().nullable().meta({ description: 'Why the run is blocked or waiting, in plain English.' }),
  scopes: z.array(z.string()).meta({ description: 'Scopes that the tools of the run act with: those that its start granted.' }),
})
export type Run = z.infer<typeof run>

export const runResult = z.object({
  runId,
  done: z.boolean().meta({ description: 'False: the run had not finished when the timeout passed.' }),
  status: runStatus,
  output: json.nullable(),
  error: failure.nullable(),
  finishedAt: timestamp.nullable(),
})

export const historyKind = z.enum(['step', 'sleep', 'signal', 'child', 'cancel', 'attempt', 'patch', 'version', 'generation'])

/** One row of the append-only history of a run. */
export const historyEntry = z.object({
  seq: z.number().int().meta({ description: '1, 2, 3 … without gaps.' }),
  kind: historyKind,
  cmd: z
    .number()
    .int()
    .meta({ description: 'Number of the workflow’s command that this row answers; 0 if it answers no command. Used to edit steps.' }),
  name: z.string(),
  step: z.string().nullable().meta({ description: 'In the run of a pipeline: id of the step that called the tool.' }),
  attempt: z.number().int(),
  input: json.nullable(),
  output: json.nullable().meta({ description: 'For a failed attempt: when the next one may begin.' }),
  error: failure.nullable(),
  startedAt: timestamp,
  at: timestamp,
})

export const runLog = z.object({
  cmd: z.number().int().meta({ description: 'Number of the step. 0: the workflow itself wrote the line.' }),
  step: z.string().nullable().meta({ description: 'Name of the step. Null: the workflow itself wrote the line.' }),
  attempt: z.number().int(),
  at: timestamp,
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string(),
  data: json.nullable(),
})

export const wait = z.discriminatedUnion('type', [
  z.object({ type: z.literal('timer'), until: timestamp }),
  z.object({ type: z.literal('signal'), name: z.string(), until: timestamp.nullable() }),
  z.object({ type: z.literal('child'), runId, workflow: z.string() }),
  z.object({ type: z.literal('retry'), step: z.string(), attempt: z.number().int(), until: timestamp }),
])

export const why = z.object({
  runId,
  state: z.enum(['gone', 'ready', 'running', 'waiting', 'gated', 'paused', 'blocked']),
  summary: z.string(),
  waits: z.array(wait),
  facts: z.record(z.string(), json),
})

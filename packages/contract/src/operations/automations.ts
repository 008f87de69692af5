import { z } from 'zod'
import { duration } from '../duration.ts'
import { backfillId, runId } from '../ids.ts'
import {
  annotations,
  automation,
  automationChange,
  automationDefinition,
  automationOccurrence,
  automationRef,
  automationStatus,
  automationSummary,
  firing,
  overlap,
} from '../nouns/automation.ts'
import { timezone } from '../nouns/schedule.ts'
import { defineOperation, type Operation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { json, name, text, timestamp } from '../scalars.ts'

const one = { automation: automationRef }
const newAnnotations = annotations.optional().meta({ description: 'Replaces all annotations. Absent: they stay as they are.' })
const note = text(500).meta({ description: 'The reason, shown with the automation.' })
const params = z.record(z.string(), json).meta({ description: 'Params that override those of the automation with the same names.' })

/** A title without a Latin letter or digit makes no name either: JSON Schema could say that, but few would read it. */
const DEFINITION_CHOICES: Operation['choices'] = [
  { of: ['pipeline', 'workflow'], given: 'one' },
  { of: ['name', 'title'], given: 'at least one' },
  { of: ['workflow', 'retry'], given: 'at most one' },
  { of: ['workflow', 'scopes'], given: 'at most one' },
  { of: ['pipeline', 'queue'], given: 'at most one' },
]

export const createAutomation = defineOperation({
  name: 'automations.create',
  summary: 'Create an automation',
  description:
    'An automation has a pipeline (a name or an inline definition) or a workflow, triggers and policies. `schedule` is short for one trigger: ' +
    'an RRULE, a cron expression, `every 30m`, a preset such as `daily at 09:00`, or a time. The whole definition is checked; ' +
    'read `warnings` and the preview.',
  input: automationDefinition.extend({ annotations: annotations.optional() }),
  output: automation,
  problems: ['automation.name_taken', 'schedule.invalid', 'pipeline.invalid', 'pipeline.not_found'],
  choices: DEFINITION_CHOICES,
  permission: 'automations:write',
  grants: true,
  effect: 'write',
  idempotent: false,
  audit: 'automation.created',
  http: { method: 'POST', path: '/automations', status: 201 },
  mcp: { tool: 'automation_create' },
  cli: { verb: 'automations create' },
})

export const applyAutomation = defineOperation({
  name: 'automations.apply',
  summary: 'Create an automation, or replace the one of this name',
  description:
    'Unchanged triggers keep their state. Parts that are not in the definition are removed. An identical definition changes nothing.',
  input: automationDefinition.extend({ annotations: newAnnotations }),
  output: automation.extend({ outcome: z.enum(['created', 'updated', 'unchanged']) }),
  problems: ['automation.name_taken', 'schedule.invalid', 'pipeline.invalid', 'pipeline.not_found'],
  choices: DEFINITION_CHOICES,
  permission: 'automations:write',
  grants: true,
  effect: 'write',
  idempotent: true,
  audit: 'automation.applied',
  http: { method: 'PUT', path: '/automations' },
  cli: { verb: 'automations apply' },
})

export const listAutomations = defineOperation({
  name: 'automations.list',
  summary: 'List automations',
  description: 'Newest first.',
  input: z.strictObject({
    status: automationStatus.optional(),
    text: text(200).optional().meta({ description: 'A part of the name or the title.' }),
    ...pageInput,
  }),
  output: page(automationSummary),
  problems: [],
  permission: 'automations:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/automations' },
  mcp: { tool: 'automation_list' },
  cli: { verb: 'automations list' },
  rows: 'items',
})

export const getAutomation = defineOperation({
  name: 'automations.get',
  summary: 'Show an automation',
  description: 'Its definition, and the state of its triggers.',
  input: z.strictObject(one),
  output: automation,
  problems: ['automation.not_found'],
  permission: 'automations:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/automations/{automation}' },
  mcp: { tool: 'automation_get' },
  cli: { verb: 'automations get', positionals: ['automation'] },
})

export const updateAutomation = defineOperation({
  name: 'automations.update',
  summary: 'Change an automation',
  description: 'Absent fields keep their value; null removes an optional one. Each change creates a version.',
  input: z.strictObject({
    ...one,
    ifVersion: z.number().int().min(1).optional().meta({ description: 'The change is refused if the version has changed since.' }),
    ...automationChange,
    annotations: newAnnotations,
  }),
  output: automation,
  problems: [
    'automation.not_found',
    'automation.name_taken',
    'automation.version_conflict',
    'schedule.invalid',
    'pipeline.invalid',
    'pipeline.not_found',
  ],
  permission: 'automations:write',
  grants: true,
  effect: 'write',
  idempotent: true,
  audit: 'automation.updated',
  http: { method: 'PATCH', path: '/automations/{automation}' },
  mcp: { tool: 'automation_update' },
  cli: { verb: 'automations update', positionals: ['automation'] },
})

export const listAutomationVersions = defineOperation({
  name: 'automations.versions',
  summary: 'List the versions of an automation',
  description: 'Newest first.',
  input: z.strictObject({ ...one, ...pageInput }),
  output: page(z.object({ version: z.number().int(), at: timestamp, actor: z.string(), definition: automationDefinition })),
  problems: ['automation.not_found'],
  permission: 'automations:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/automations/{automation}/versions' },
  cli: { verb: 'automations versions', positionals: ['automation'] },
  rows: 'items',
})

export const deleteAutomation = defineOperation({
  name: 'automations.delete',
  summary: 'Delete an automation',
  description: 'Also deletes its versions and firings. Its runs are kept, and runs in progress continue.',
  input: z.strictObject(one),
  output: automation,
  problems: ['automation.not_found'],
  permission: 'automations:write',
  effect: 'write',
  idempotent: true,
  audit: 'automation.deleted',
  http: { method: 'DELETE', path: '/automations/{automation}' },
  mcp: { tool: 'automation_delete', destructive: true },
  cli: { verb: 'automations delete', positionals: ['automation'] },
})

export const pauseAutomation = defineOperation({
  name: 'automations.pause',
  summary: 'Pause an automation',
  description: 'Until it is resumed, no trigger fires, and firings that fall into the pause are lost.',
  input: z.strictObject({ ...one, note: note.optional() }),
  output: automation,
  problems: ['automation.not_found'],
  permission: 'automations:write',
  effect: 'write',
  idempotent: true,
  audit: 'automation.paused',
  http: { method: 'POST', path: '/automations/{automation}/pause' },
  mcp: { tool: 'automation_pause' },
  cli: { verb: 'automations pause', positionals: ['automation'] },
})

export const resumeAutomation = defineOperation({
  name: 'automations.resume',
  summary: 'Resume an automation',
  description:
    'Ends a pause or a snooze, and resets the count of failures. After a snooze, the misfire policy decides which of the held-back firings run.',
  input: z.strictObject(one),
  output: automation,
  problems: ['automation.not_found'],
  permission: 'automations:write',
  effect: 'write',
  idempotent: true,
  audit: 'automation.resumed',
  http: { method: 'POST', path: '/automations/{automation}/resume' },
  mcp: { tool: 'automation_resume' },
  cli: { verb: 'automations resume', positionals: ['automation'] },
})

export const snoozeAutomation = defineOperation({
  name: 'automations.snooze',
  summary: 'Snooze an automation',
  description:
    'Defers its schedules: occurrences during the snooze are overdue at its end, and the misfire policy decides which of them run. Set `until` or `for`.',
  input: z.strictObject({ ...one, until: timestamp.optional(), for: duration.optional(), note: note.optional() }),
  output: automation,
  problems: ['automation.not_found'],
  choices: [{ of: ['for', 'until'], given: 'one' }],
  permission: 'automations:write',
  effect: 'write',
  idempotent: true,
  audit: 'automation.snoozed',
  http: { method: 'POST', path: '/automations/{automation}/snooze' },
  mcp: { tool: 'automation_snooze' },
  cli: { verb: 'automations snooze', positionals: ['automation'] },
})

const triggerKey = name.meta({ description: 'The key of a schedule trigger. Default: its only one.' })

export const skipNextFirings = defineOperation({
  name: 'automations.skipNext',
  summary: 'Skip the next firings of a trigger',
  description: 'They are recorded as skipped. 0 undoes it.',
  input: z.strictObject({
    ...one,
    trigger: name.optional().meta({ description: 'The key of the trigger. Default: its only one.' }),
    count: z.number().int().min(0).max(1000).default(1),
  }),
  output: automation,
  problems: ['automation.not_found', 'automation.trigger_not_found'],
  permission: 'automations:write',
  effect: 'write',
  idempotent: true,
  audit: 'automation.skipping',
  http: { method: 'POST', path: '/automations/{automation}/skip-next' },
  cli: { verb: 'automations skip-next', positionals: ['automation'] },
})

export const runAutomationNow = defineOperation({
  name: 'automations.runNow',
  summary: 'Run an automation now',
  description: 'Does not affect its schedule, and works while it is paused. `overlap` replaces its policy for this run.',
  input: z.strictObject({ ...one, params: params.optional(), event: json.optional(), overlap: overlap.optional() }),
  output: z.object({ firing, runId: runId.nullable() }),
  problems: ['automation.not_found'],
  permission: 'automations:write',
  effect: 'write',
  idempotent: false,
  audit: 'automation.run',
  http: { method: 'POST', path: '/automations/{automation}/run-now' },
  mcp: { tool: 'automation_run_now' },
  cli: { verb: 'automations run-now', positionals: ['automation'] },
})

export const runAutomationAt = defineOperation({
  name: 'automations.runAt',
  summary: 'Run an automation once, later',
  description:
    'Set `at` or `delay`; a past time means now. Whether it runs is decided at that time, by the overlap policy and definition that the ' +
    'automation has then. If it is paused at that time, the run is skipped.',
  input: z.strictObject({ ...one, at: timestamp.optional(), delay: duration.optional(), params: params.optional() }),
  output: z.object({ firing }),
  problems: ['automation.not_found'],
  choices: [{ of: ['at', 'delay'], given: 'one' }],
  permission: 'automations:write',
  effect: 'write',
  idempotent: false,
  audit: 'automation.scheduled',
  http: { method: 'POST', path: '/automations/{automation}/run-at', status: 202 },
  cli: { verb: 'automations run-at', positionals: ['automation'] },
})

export const backfillAutomation = defineOperation({
  name: 'automations.backfill',
  summary: 'Run the past occurrences of a schedule',
  description:
    'Runs every occurrence in the range, whether or not it ran before, up to 10,000. They are started a few at a time, oldest first.',
  input: z.strictObject({
    ...one,
    trigger: triggerKey.optional(),
    from: timestamp,
    to: timestamp.meta({ description: 'Inclusive, and not in the future.' }),
    overlap: overlap.default('buffer_all'),
  }),
  output: z.object({ id: backfillId, occurrences: z.number().int() }),
  problems: ['automation.not_found', 'automation.trigger_not_found', 'schedule.invalid'],
  permission: 'automations:write',
  effect: 'write',
  idempotent: false,
  audit: 'automation.backfilled',
  http: { method: 'POST', path: '/automations/{automation}/backfill', status: 202 },
  cli: { verb: 'automations backfill', positionals: ['automation'] },
})

export const previewAutomation = defineOperation({
  name: 'automations.preview',
  summary: 'Show when an automation will fire',
  description:
    'For a saved automation (`automation`), or for one that is not saved yet (`definition`). Shows each moment in two time zones and marks clock changes.',
  input: z.strictObject({
    automation: automationRef.optional(),
    definition: automationDefinition.optional(),
    count: z.number().int().min(1).max(200).default(10),
    from: timestamp.optional().meta({ description: 'Default: now.' }),
    timezone: timezone.optional().meta({ description: 'Time zone of the viewer. Default: that of the automation.' }),
  }),
  output: z.object({
    occurrences: z.array(automationOccurrence),
    summaries: z.array(z.string()).meta({ description: 'Each trigger in plain English.' }),
    warnings: z.array(z.string()),
  }),
  problems: ['automation.not_found', 'schedule.invalid'],
  choices: [{ of: ['automation', 'definition'], given: 'one' }],
  permission: 'automations:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'POST', path: '/automation-preview' },
  mcp: { tool: 'automation_preview' },
  cli: { verb: 'automations preview', positionals: ['automation'] },
  rows: 'occurrences',
})

export const listFirings = defineOperation({
  name: 'automations.firings',
  summary: 'List the firings of an automation',
  description: 'Newest decision first, including skipped firings, with the reason.',
  input: z.strictObject({
    ...one,
    outcome: firing.shape.outcome.optional(),
    ...pageInput,
  }),
  output: page(firing),
  problems: ['automation.not_found'],
  permission: 'automations:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/automations/{automation}/firings' },
  mcp: { tool: 'automation_firings' },
  cli: { verb: 'automations firings', positionals: ['automation'] },
  rows: 'items',
})

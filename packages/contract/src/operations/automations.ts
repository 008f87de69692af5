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
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { json, name, text, timestamp } from '../scalars.ts'

const one = { automation: automationRef }
const note = text(500).meta({ description: 'Why, for those who look at it later.' })
const params = z.record(z.string(), json).meta({ description: 'In place of the automation’s own, name by name.' })

export const createAutomation = defineOperation({
  name: 'automations.create',
  summary: 'Create an automation',
  description:
    'What runs, and when: a pipeline (its name, or written out) or a workflow, with triggers and policies. `schedule` is short for one trigger: ' +
    'an RRULE, a cron expression, `every 30m`, or a time. It is checked whole; look at `warnings`, and at the preview.',
  input: automationDefinition.extend({ annotations: annotations.optional() }),
  output: automation,
  problems: ['automation.name_taken', 'schedule.invalid', 'pipeline.invalid', 'pipeline.not_found'],
  permission: 'automations:write',
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
    'Triggers that did not change keep their state. What is not in the definition is taken away; nothing changes if all is the same.',
  input: automationDefinition,
  output: automation.extend({ outcome: z.enum(['created', 'updated', 'unchanged']) }),
  problems: ['automation.name_taken', 'schedule.invalid', 'pipeline.invalid', 'pipeline.not_found'],
  permission: 'automations:write',
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
    text: text(200).optional().meta({ description: 'In the name or the title.' }),
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
  description: 'Its definition, and where its triggers stand.',
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
  description: 'Fields that are absent stay as they are; null takes one away. Each change makes a version.',
  input: z.strictObject({
    ...one,
    ifVersion: z.number().int().min(1).optional().meta({ description: 'Only if this is still its version.' }),
    ...automationChange,
    annotations: annotations.optional().meta({ description: 'Replaces all annotations. Absent: they stay as they are.' }),
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
  description: 'With its versions and firings. Its runs stay, and those in progress go on.',
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
  description: 'Until it is resumed nothing fires by itself, and what would have fired in the meantime is gone.',
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
    'Ends a pause or a snooze, and forgets its failures. After a snooze the misfire policy decides what becomes of what it held back.',
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
    'Puts its schedules off: what falls into the snooze is late at its end, and the misfire policy decides. Give `until` or `for`.',
  input: z.strictObject({ ...one, until: timestamp.optional(), for: duration.optional(), note: note.optional() }),
  output: automation,
  problems: ['automation.not_found'],
  permission: 'automations:write',
  effect: 'write',
  idempotent: true,
  audit: 'automation.snoozed',
  http: { method: 'POST', path: '/automations/{automation}/snooze' },
  mcp: { tool: 'automation_snooze' },
  cli: { verb: 'automations snooze', positionals: ['automation'] },
})

const triggerKey = name.meta({ description: 'Absent: its only schedule.' })

export const skipNextFirings = defineOperation({
  name: 'automations.skipNext',
  summary: 'Leave out the next firings of a trigger',
  description: 'They are recorded as skipped. 0 takes it back.',
  input: z.strictObject({
    ...one,
    trigger: name.optional().meta({ description: 'Its key. Absent: the only one.' }),
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
  description:
    'Its schedule goes on as if nothing had happened, and a pause does not matter. `overlap` replaces its own policy for this once.',
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
    'Give `at` or `delay`; a time that has passed means now. Whether it may run is decided at that time, by its overlap policy and by what it ' +
    'says then; if it is paused by then, the run is left out.',
  input: z.strictObject({ ...one, at: timestamp.optional(), delay: duration.optional(), params: params.optional() }),
  output: z.object({ firing }),
  problems: ['automation.not_found'],
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
    'Each occurrence of the range runs, whether it ran before or not, 10,000 at most. They are started some at a time, oldest first.',
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
    'Of a saved automation (`automation`), or of one that is not saved yet (`definition`). Moments in two zones, changes of clocks marked.',
  input: z.strictObject({
    automation: automationRef.optional(),
    definition: automationDefinition.optional(),
    count: z.number().int().min(1).max(200).default(10),
    from: timestamp.optional().meta({ description: 'Absent: now.' }),
    timezone: timezone.optional().meta({ description: 'Of whoever looks. Absent: that of the automation.' }),
  }),
  output: z.object({
    occurrences: z.array(automationOccurrence),
    summaries: z.array(z.string()).meta({ description: 'What each trigger means.' }),
    warnings: z.array(z.string()),
  }),
  problems: ['automation.not_found', 'schedule.invalid'],
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
  summary: 'List what came of the moments of an automation',
  description: 'Newest decision first, those that were skipped included, with the reason.',
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

/**
 * Every way to start or continue work, for the matrix of scopes (`scopes.pg.test.ts`). The work is always a pipeline that emits an event of one
 * topic, for which it needs the scope events:emit. Each write operation is a way, or is listed with the reason why not.
 */
import type { OperationName, Permission } from '@orrery/contract'
import { eventually } from '../support/eventually.ts'
import type { TestCore } from '../support/start-test-core.ts'

type Output = Readonly<Record<string, unknown>>

/** One call, prepared by the administrator. */
export interface Prepared {
  readonly input: Readonly<Record<string, unknown>>
  /** What the administrator does after the call has succeeded, so that the work continues. Returns the run that acts, if there is one to look at. */
  after?(output: Output): Promise<string | null>
}

export interface Way {
  readonly operation: OperationName
  /** Two ways may have the same operation. */
  readonly what?: string
  /** What the caller needs besides the permission of the operation. */
  readonly also: readonly Permission[]
  prepare(work: Work): Promise<Prepared>
}

/** Helpers for one cell of the matrix; all of it acts with the key of the administrator. */
export interface Work {
  readonly t: TestCore
  readonly topic: string
  readonly name: string
  readonly emit: Output
}

const SCOPES = ['events:emit']
/** To give the scope events:emit. */
const GIVE: readonly Permission[] = ['tools:call', 'events:write']
const clock = { id: 'first', uses: 'time.now' }
const wait = { id: 'go', wait: { signal: 'go' } }
const runOf = async ({ runId }: Output) => String(runId)

/** Creates an automation that may emit. */
async function automate({ t, name, emit }: Work, more: object = {}): Promise<string> {
  await t.answer('automations.create', { name, pipeline: [emit], scopes: SCOPES, ...more })
  return name
}

async function runNow({ t, name }: Work): Promise<string | null> {
  return (await t.call('automations.runNow', { automation: name })).runId
}

/** Far enough away to be saved before. */
const SOON_MS = 1_500

/** The run that the automation's trigger starts. */
async function fired({ t, name }: Work): Promise<string | null> {
  const { items } = await eventually(
    () => t.call('automations.firings', { automation: name }),
    (found) => found.items.some(({ runId }) => runId !== null),
    20_000,
  )
  return items.find(({ runId }) => runId !== null)?.runId ?? null
}

/** A delivery has no key, and can ask for nothing. */
async function deliver(work: Work, url: string | null): Promise<string | null> {
  const token = url?.split('/').at(-1) ?? ''
  await work.t.core.receiveWebhook({ token, body: Buffer.from('{"scopes":["keys:write"]}'), header: () => null })
  return fired(work)
}

/** A run that has done one step and waits for the signal `go` before it emits. */
async function waiting({ t, emit }: Work): Promise<string> {
  const { runId } = await t.call('pipelines.run', { definition: [clock, wait, emit] as never, scopes: SCOPES })
  return runId
}

async function isWaiting(t: TestCore, runId: string): Promise<void> {
  await eventually(
    () => t.call('runs.get', { runId }),
    ({ status }) => status === 'waiting',
  )
}

/** A run that has failed before it emits: its tool was away for a while. Repeated, it gets on. */
async function failed(work: Work): Promise<string> {
  const { t, name, emit } = work
  const definition = { description: 'Lets a run pass', implementation: { kind: 'builtin', builtIn: 'time.now' } }
  const putGate = () => t.answer('tools.put', { tool: name, definition })
  await putGate()
  const { runId } = await t.call('pipelines.run', { definition: [clock, wait, { id: 'gate', uses: name }, emit] as never, scopes: SCOPES })
  await isWaiting(t, runId)
  await t.call('tools.delete', { tool: name })
  await signal(work, runId)
  await t.call('runs.result', { runId, timeout: '20s' })
  await putGate()
  return runId
}

async function signal({ t }: Work, runId: string): Promise<string> {
  await t.call('runs.signal', { runId, name: 'go', payload: null })
  return runId
}

const afterGo = (work: Work) => async (output: Output) => signal(work, await runOf(output))

export const WAYS: readonly Way[] = [
  {
    ...{ operation: 'pipelines.run', what: 'inline', also: [...GIVE, 'pipelines:write'] },
    prepare: async ({ emit }) => ({ input: { definition: [emit], scopes: SCOPES }, after: runOf }),
  },
  {
    ...{ operation: 'pipelines.run', what: 'a stored one', also: GIVE },
    async prepare({ t, name, emit }) {
      await t.answer('pipelines.put', { pipeline: name, definition: [emit] })
      return { input: { pipeline: name, scopes: SCOPES }, after: runOf }
    },
  },
  {
    ...{ operation: 'pipelines.run', what: 'delayed, with a key', also: GIVE },
    async prepare({ t, name, emit }) {
      await t.answer('pipelines.put', { pipeline: name, definition: [emit] })
      const keys = { delay: '1ms', dedupe: { key: name, window: '1h' }, concurrencyKey: name }
      return { input: { pipeline: name, scopes: SCOPES, ...keys }, after: runOf }
    },
  },
  {
    ...{ operation: 'pipelines.run', what: 'a tool of kind pipeline that emits', also: GIVE },
    async prepare({ t, name, emit }) {
      const implementation = { kind: 'pipeline', definition: { pipeline: [emit] } }
      await t.answer('tools.put', { tool: name, definition: { description: name, implementation } })
      await t.answer('pipelines.put', { pipeline: name, definition: [{ id: 'call', uses: name }] })
      return { input: { pipeline: name, scopes: SCOPES }, after: runOf }
    },
  },
  {
    ...{ operation: 'pipelines.run', what: 'a tool whose author may emit', also: [] },
    async prepare({ t, name, emit }) {
      const implementation = { kind: 'pipeline', definition: { pipeline: [emit] }, grants: SCOPES }
      await t.answer('tools.put', { tool: name, definition: { description: name, implementation } })
      await t.answer('pipelines.put', { pipeline: name, definition: [{ id: 'call', uses: name }] })
      return { input: { pipeline: name } }
    },
  },
  {
    ...{ operation: 'tools.put', also: GIVE },
    async prepare({ t, name, emit }) {
      const implementation = { kind: 'pipeline', definition: { pipeline: [emit] }, grants: SCOPES }
      const after = async () => {
        await t.call('pipelines.run', { definition: [{ id: 'call', uses: name }] as never })
        return null
      }
      return { input: { tool: name, definition: { description: name, implementation } }, after }
    },
  },
  {
    ...{ operation: 'tools.call', also: ['events:write'] },
    prepare: async ({ topic }) => ({ input: { tool: 'event.emit', args: { topic } } }),
  },
  {
    ...{ operation: 'automations.create', also: GIVE },
    prepare: async (work) => ({ input: { name: work.name, pipeline: [work.emit], scopes: SCOPES }, after: () => runNow(work) }),
  },
  // What its triggers start has no caller, and acts with the scopes that the automation was saved with.
  {
    ...{ operation: 'automations.create', what: 'a schedule that fires', also: GIVE },
    async prepare(work) {
      const schedule = new Date(Date.now() + SOON_MS).toISOString()
      return { input: { name: work.name, pipeline: [work.emit], scopes: SCOPES, schedule }, after: () => fired(work) }
    },
  },
  {
    ...{ operation: 'automations.create', what: 'a webhook that is delivered to', also: GIVE },
    async prepare(work) {
      const input = { name: work.name, pipeline: [work.emit], scopes: SCOPES, triggers: [{ type: 'webhook' }] }
      return { input, after: async () => deliver(work, (await work.t.call('automations.rotateWebhook', { automation: work.name })).url) }
    },
  },
  {
    ...{ operation: 'automations.rotateWebhook', also: [] },
    async prepare(work) {
      const automation = await automate(work, { triggers: [{ type: 'webhook' }] })
      return { input: { automation }, after: ({ url }) => deliver(work, String(url)) }
    },
  },
  {
    ...{ operation: 'automations.apply', also: GIVE },
    prepare: async (work) => ({ input: { name: work.name, pipeline: [work.emit], scopes: SCOPES }, after: () => runNow(work) }),
  },
  {
    ...{ operation: 'automations.update', what: 'its scopes', also: GIVE },
    async prepare(work) {
      const automation = await automate(work, { scopes: [] })
      return { input: { automation, scopes: SCOPES }, after: () => runNow(work) }
    },
  },
  {
    ...{ operation: 'automations.update', what: 'its pipeline', also: GIVE },
    async prepare(work) {
      const automation = await automate(work, { pipeline: [clock] })
      return { input: { automation, pipeline: [work.emit] }, after: () => runNow(work) }
    },
  },
  // The scopes of an automation are its own: one who may run it needs none of them.
  {
    ...{ operation: 'automations.runNow', also: [] },
    prepare: async (work) => ({ input: { automation: await automate(work), params: { scopes: ['keys:write'] } }, after: runOf }),
  },
  {
    ...{ operation: 'automations.runAt', also: [] },
    prepare: async (work) => ({ input: { automation: await automate(work), delay: '1ms' } }),
  },
  {
    ...{ operation: 'automations.backfill', also: [] },
    async prepare(work) {
      const automation = await automate(work, { schedule: '0 9 29 2 *' })
      return { input: { automation, trigger: 'schedule', from: '2024-02-28T00:00:00Z', to: '2024-03-01T00:00:00Z' } }
    },
  },
  {
    ...{ operation: 'automations.resume', also: [] },
    async prepare(work) {
      const automation = await automate(work)
      await work.t.call('automations.pause', { automation })
      return { input: { automation }, after: () => runNow(work) }
    },
  },
  {
    ...{ operation: 'events.emit', what: 'a trigger of an automation', also: [] },
    async prepare(work) {
      await automate(work, { triggers: [{ type: 'event', topic: `call.${work.topic}` }] })
      return { input: { topic: `call.${work.topic}` } }
    },
  },
  // A copy of a run acts with the scopes of the run, and may do other things with them.
  {
    ...{ operation: 'runs.retry', also: GIVE },
    prepare: async (work) => ({ input: { runId: await failed(work) }, after: runOf }),
  },
  {
    ...{ operation: 'runs.fork', what: 'with another output', also: GIVE },
    async prepare(work) {
      const runId = await failed(work)
      return { input: { runId, fromSeq: 2, edits: [{ cmd: await firstStep(work, runId), output: 'other' }] }, after: afterGo(work) }
    },
  },
  {
    ...{ operation: 'runs.fork', what: 'of a run in progress', also: GIVE },
    prepare: async (work) => ({ input: { runId: await waiting(work), fromSeq: 1 }, after: afterGo(work) }),
  },
  {
    ...{ operation: 'runs.editStep', also: GIVE },
    async prepare(work) {
      const runId = await failed(work)
      return { input: { runId, cmd: await firstStep(work, runId), output: 'other' }, after: runOf }
    },
  },
  {
    ...{ operation: 'runs.resume', what: 'in a version', also: GIVE },
    async prepare(work) {
      const { runId, version } = await paused(work)
      return { input: { runId, version }, after: () => signal(work, runId) }
    },
  },
  // Continues what its start allowed, unchanged.
  {
    ...{ operation: 'runs.resume', also: [] },
    async prepare(work) {
      const { runId } = await paused(work)
      return { input: { runId }, after: () => signal(work, runId) }
    },
  },
  {
    ...{ operation: 'runs.signal', also: [] },
    async prepare(work) {
      const runId = await waiting(work)
      return { input: { runId, name: 'go', payload: { scopes: ['keys:write'] } }, after: async () => runId }
    },
  },
]

async function firstStep({ t }: Work, runId: string): Promise<number> {
  const { items } = await t.call('runs.history', { runId })
  return items.find(({ kind }) => kind === 'step')?.cmd ?? 0
}

async function paused(work: Work) {
  const runId = await waiting(work)
  await isWaiting(work.t, runId)
  await work.t.call('runs.pause', { runId })
  const { version } = await work.t.call('runs.get', { runId })
  return { runId, version }
}

/** Write operations that start and continue no work that calls tools, and why. Review each addition. */
export const NO_WAY: Readonly<Record<string, string>> = {
  'runs.start': "starts workflows of users, which have no scopes; the server's own are refused",
  'runs.startMany': 'as runs.start',
  'workflows.deploy': "defines workflows of users; the names of the server's own are refused",
  'runs.pause': 'stops work',
  'runs.cancel': 'stops work',
  'pipelines.put': 'defines what runs do, not what they may',
  'pipelines.delete': 'removes a definition',
  'tools.import': 'defines tools without grants',
  'tools.discover': 'defines tools without grants',
  'tools.review': 'defines tools without grants',
  'tools.delete': 'removes a definition',
  'connections.create': 'has credentials, which tools use by name',
  'connections.update': 'has credentials, which tools use by name',
  'connections.delete': 'removes credentials',
  'automations.pause': 'stops work',
  'automations.snooze': 'stops work',
  'automations.skipNext': 'stops work',
  'automations.delete': 'stops work',
  'calendars.put': 'changes when automations fire',
  'calendars.refresh': 'changes when automations fire',
  'calendars.delete': 'changes when automations fire',
  'queues.pause': 'stops work',
  'queues.resume': 'releases runs, which keep their scopes',
  'limits.set': 'releases runs, which keep their scopes',
  'keys.create': 'has its own rule: a key grants only its own scopes (access.pg.test.ts)',
  'keys.revoke': 'ends access',
  'agents.create': 'has its own rule: a caller grants an agent only its own scopes (agents.pg.test.ts)',
  'agents.update': 'as agents.create',
  'agents.delete': 'ends access',
  'credentials.create': 'has its own rule: a caller needs each scope of the agent (agents.pg.test.ts)',
  'credentials.revoke': 'ends access',
  'members.update': 'has its own rule: a role that is wider than the caller is refused (members.pg.test.ts)',
  'members.remove': 'ends access',
  'roles.put': 'has its own rule: a role has only permissions of the caller (roles.pg.test.ts)',
  'roles.delete': 'removes a role that no member has',
  'groups.create': 'a group allows nothing',
  'groups.update': 'a group allows nothing',
  'groups.delete': 'a group allows nothing',
  'groups.addMember': 'a group allows nothing',
  'groups.removeMember': 'a group allows nothing',
  'orgs.setRules': 'narrows access',
  'profile.switchOrg': 'chooses among the organizations of the caller',
  'profile.update': 'changes a name and settings of the caller',
  'devices.end': 'ends access',
  'devices.endAll': 'ends access',
  'members.export': 'changes nothing',
  'consents.withdraw': 'ends access',
  'invitations.create': 'has its own rule: a role that is wider than the caller is refused (invitations.pg.test.ts)',
  'invitations.resend': 'as invitations.create',
  'invitations.revoke': 'ends access',
  'members.erase': 'ends access',
  'profile.delete': 'ends access',
  'erasures.start': 'deletes what has ended',
  'retention.set': 'deletes what has ended',
  'orgs.create': 'has its own rule',
  'tokens.issue': 'has at most the scopes of its key or agent (tokens.pg.test.ts)',
  'tokens.refresh': 'has at most the scopes of its key or agent (tokens.pg.test.ts)',
  'tokens.revoke': 'ends access',
}

/**
 * One call of every operation that succeeds on an organization of an installation without workers. The order matters: reads, then writes, then
 * removals.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listOperations, type OperationName } from '@orrery/contract'
import type { Org } from './installation.ts'

type Fields = Readonly<Record<string, unknown>>
/** Calls with the key of the organization and returns the output. */
export type Ask = (name: OperationName, input: Fields) => Promise<Readonly<Record<string, unknown>>>

export interface GoodCall {
  readonly name: OperationName
  /** Computed right before the call. May make calls of its own to prepare. */
  input(ask: Ask): Fields | Promise<Fields>
  /** The credential: the key of the organization, the key of the installation, a new refresh token, or a login of the first member. */
  readonly by: 'org' | 'installation' | 'refresh token' | 'login'
}

export interface GoodCalls {
  readonly calls: readonly GoodCall[]
  close(): void
}

/** About the person who calls, who must have logged in: personal-data.pg.test.ts. */
export const OF_PERSONS: readonly string[] = ['profile.export', 'profile.delete']

type Inputs = Partial<Record<OperationName, Fields | ((ask: Ask) => Fields | Promise<Fields>)>>

export function goodCalls(org: Org): GoodCalls {
  const server = describeMcpServer()
  const inputs = { ...readsOf(org), ...writesOf(org, server), ...removalsOf(org) }
  const names = Object.keys(inputs) as OperationName[]
  const unknown = listOperations().filter(({ name }) => !names.includes(name as OperationName) && !OF_PERSONS.includes(name))
  if (unknown.length > 0) throw new Error(`Add a call that succeeds to this file for: ${unknown.map(({ name }) => name).join(', ')}`)
  const calls = names.map((name): GoodCall => {
    const input = inputs[name] ?? {}
    return { name, input: typeof input === 'function' ? input : () => input, by: callerOf(name) }
  })
  return { calls, close: server.close }
}

function callerOf(name: OperationName): GoodCall['by'] {
  if (name === 'orgs.create' || name === 'orgs.list') return 'installation'
  if (['profile', 'devices', 'consents'].includes(name.split('.')[0] ?? '')) return 'login'
  return name === 'tokens.refresh' ? 'refresh token' : 'org'
}

function readsOf(org: Org): Inputs {
  const { automation, calendar, office, pipeline, tool, workflow } = org
  const [connectionId] = org.connectionIds
  const [groupId] = org.groupIds
  const [memberId] = org.memberIds
  const { succeeded, waiting } = org.runs
  return {
    'agents.get': { agentId: org.agentId },
    'agents.list': {},
    'access.whoami': {},
    'audit.list': { limit: 200 },
    'audit.verify': {},
    'automations.firings': { automation },
    'automations.get': { automation },
    'automations.list': {},
    'automations.preview': { automation },
    'automations.versions': { automation },
    'calendars.days': { calendar: office, from: '2026-12-24', to: '2026-12-25' },
    'calendars.get': { calendar },
    'calendars.list': {},
    'calendars.versions': { calendar },
    'connections.get': { connectionId },
    'connections.list': {},
    'consents.list': {},
    'credentials.list': { agentId: org.agentId },
    'devices.list': {},
    'erasures.get': { erasureId: org.erasureId },
    'erasures.list': {},
    'events.list': { limit: 200 },
    'groups.get': { groupId },
    'groups.list': {},
    'groups.members': { groupId },
    'invitations.list': {},
    'keys.list': {},
    'limits.list': {},
    'members.get': { memberId },
    'members.list': {},
    'orgs.get': { orgId: 'current' },
    'orgs.list': {},
    'orgs.rules': {},
    'pipelines.check': { definition: [{ id: 'now', uses: 'time.now' }] },
    'pipelines.dryRun': { pipeline },
    'pipelines.get': { pipeline },
    'pipelines.list': {},
    'pipelines.versions': { pipeline },
    'profile.get': {},
    'profile.orgs': {},
    'queues.list': {},
    'roles.get': { role: org.role },
    'roles.list': {},
    'retention.get': {},
    'runs.get': { runId: waiting },
    'runs.history': { runId: succeeded },
    'runs.list': { limit: 200 },
    'runs.logs': { runId: succeeded },
    'runs.query': { runId: waiting, name: 'stage' },
    'runs.result': { runId: succeeded },
    'runs.why': { runId: waiting },
    'schedules.preview': { schedule: { include: [{ kind: 'cron', cron: '0 9 * * *' }], calendar: { id: office, roll: 'skip' } } },
    'system.info': {},
    'tools.calls': {},
    'tools.get': { tool },
    'tools.list': {},
    'workers.list': {},
    'workflows.checkDeploy': { ...org.bundle },
    'workflows.get': { workflow },
    'workflows.list': {},
    'workflows.versions': { workflow },
  }
}

function writesOf(org: Org, server: McpServer): Inputs {
  const { automation, calendar, limit, pipeline, queue, tool, word } = org
  const { delayed, failed, paused, succeeded, waiting } = org.runs
  const start = { workflow: 'talk', input: { word } }
  const aDay = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }
  return {
    'workflows.deploy': { ...org.bundle },
    'runs.start': start,
    'runs.startMany': { items: [start, { ...start, tags: ['second'] }] },
    'runs.signal': { runId: waiting, name: 'unheard', payload: { word } },
    'runs.pause': { runId: delayed },
    'runs.resume': { runId: paused },
    'runs.retry': { runId: failed },
    'runs.fork': { runId: succeeded, fromSeq: 1 },
    'runs.editStep': async (ask) => {
      const { items } = await ask('runs.history', { runId: failed })
      const [step] = items as readonly { readonly kind: string; readonly cmd: number }[]
      return { runId: failed, cmd: step?.cmd, output: { word } }
    },
    'queues.pause': { queue },
    'queues.resume': { queue },
    'limits.set': { limit, max: 7 },
    'events.emit': { topic: 'shop.opened', payload: { word } },
    'calendars.put': { calendar, zone: 'UTC', layers: [{ kind: 'days', days: [{ date: '2026-12-31', name: 'Inventory' }] }] },
    'calendars.refresh': { calendar },
    'pipelines.put': { pipeline, definition: [{ id: 'now', uses: 'time.now' }] },
    'pipelines.run': { pipeline },
    'tools.put': { tool, definition: { description: 'Another', implementation: { kind: 'builtin', builtIn: 'orchestrator.list' } } },
    'tools.call': { tool },
    'tools.import': { prefix: 'imported', document: DOCUMENT },
    'tools.discover': async (ask) => {
      await server.connect(ask)
      return { connection: 'offering', prefix: 'offered' }
    },
    'tools.review': async (ask) => {
      await server.change(ask)
      await ask('tools.discover', { connection: 'offering', prefix: 'offered' })
      const { offer } = await ask('tools.get', { tool: 'offered.speak' })
      return { tool: 'offered.speak', decision: 'accept', pin: (offer as { pin: string }).pin }
    },
    'connections.create': { name: 'fresh', settings: { type: 'bearer', token: 'a-secret' } },
    'connections.update': { connectionId: org.connectionIds[0], settings: { type: 'bearer', token: 'another-secret' } },
    'automations.create': { name: 'fresh', schedule: '0 9 * * *', workflow: { name: 'greeting' } },
    'automations.apply': { name: 'fresh', schedule: '0 10 * * *', workflow: { name: 'greeting' } },
    'automations.update': { automation, description: 'Changed' },
    'automations.resume': { automation },
    'automations.snooze': { automation, for: '1h' },
    'automations.skipNext': { automation, trigger: 'schedule', count: 1 },
    'automations.backfill': { automation, trigger: 'schedule', ...aDay },
    'automations.runNow': { automation },
    'automations.runAt': { automation, delay: '1h' },
    'automations.rotateWebhook': { automation, trigger: 'signed' },
    'automations.pause': { automation, note: 'Enough' },
    'agents.create': { name: 'fresh', scopes: ['runs:read'] },
    'agents.update': { agentId: org.agentId, description: 'Changed' },
    'credentials.create': { agentId: org.agentId, name: 'fresh' },
    'keys.create': { name: 'fresh', set: 'viewer' },
    'roles.put': { role: 'fresh', permissions: ['runs:read'] },
    'members.update': { memberId: org.memberIds[1], role: 'operator' },
    'groups.create': { name: 'fresh' },
    'groups.update': { groupId: org.groupIds[0], description: 'Changed' },
    'groups.addMember': { groupId: org.groupIds[1], member: org.memberIds[1] },
    'groups.removeMember': { groupId: org.groupIds[0], member: org.memberIds[1] },
    'orgs.setRules': { mailDomains: ['example.com'] },
    'profile.switchOrg': { orgId: org.id },
    'profile.update': { name: 'Ada the second', zone: 'Europe/Zurich' },
    'devices.end': { deviceId: org.deviceId },
    'devices.endAll': {},
    'invitations.create': { email: 'fresh@example.com', role: 'viewer' },
    'invitations.resend': { invitationId: org.invitationIds[0] },
    'members.export': { memberId: org.memberIds[1] },
    'retention.set': { eventDays: 3650 },
    'erasures.start': { email: 'customer@example.com' },
    'orgs.create': { name: `beside-${org.name}` },
    'tokens.issue': {},
    'tokens.refresh': {},
    'tokens.revoke': {},
    'runs.cancel': { runId: waiting, terminate: true },
  }
}

function removalsOf(org: Org): Inputs {
  return {
    'members.erase': { memberId: org.memberIds[3], payloads: 'keep' },
    'keys.revoke': { keyId: org.keyIds[1] },
    'credentials.revoke': { agentId: org.agentId, credentialId: org.ids.crd?.[0] },
    'agents.delete': { agentId: org.agentId },
    'invitations.revoke': { invitationId: org.invitationIds[1] },
    'connections.delete': { connectionId: org.connectionIds[1] },
    'automations.delete': { automation: org.automation },
    'calendars.delete': { calendar: org.calendar },
    'pipelines.delete': { pipeline: org.pipeline },
    'tools.delete': { tool: org.tool },
    'consents.withdraw': { consentId: org.consentId },
    'roles.delete': { role: org.role },
    'groups.delete': { groupId: org.groupIds[0] },
    'members.remove': { memberId: org.memberIds[2] },
  }
}

const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Two', version: '1' },
  servers: [{ url: 'https://api.example' }],
  paths: { '/one': { get: { operationId: 'one' } }, '/two': { get: { operationId: 'two' } } },
}

interface McpServer {
  /** Creates the connection `offering` to the server. */
  connect(ask: Ask): Promise<void>
  /** Changes the description of the server's tool. */
  change(ask: Ask): Promise<void>
  close(): void
}

function describeMcpServer(): McpServer {
  const folder = mkdtempSync(join(tmpdir(), 'orrery-offers-'))
  const file = join(folder, 'tools.json')
  const offer = (description: string) =>
    writeFileSync(file, JSON.stringify([{ name: 'speak', description, inputSchema: { type: 'object' } }]))
  const program = join(import.meta.dirname, '../../packages/tools/src/mcp/testing/changing-server.fixture.ts')
  const args = ['--conditions=orrery-source', program, file]
  let connectionId: unknown
  return {
    async connect(ask) {
      offer('Speaks')
      ;({ id: connectionId } = await ask('connections.create', {
        name: 'offering',
        settings: { type: 'mcp_stdio', command: process.execPath, args },
      }))
    },
    async change(ask) {
      offer('Speaks twice')
      // A changed argument restarts the server, which then reads its file again.
      await ask('connections.update', { connectionId, settings: { type: 'mcp_stdio', args: [...args, 'again'], env: {} } })
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

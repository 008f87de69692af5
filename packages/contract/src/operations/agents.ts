import { z } from 'zod'
import { agentId } from '../ids.ts'
import { agent } from '../nouns/agent.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { PERMISSIONS, permission } from '../permissions.ts'

const { name, description } = agent.shape
const scopes = z
  .array(permission)
  .min(1)
  .max(PERMISSIONS.length)
  .meta({ description: 'What the agent may do. You need each of these scopes yourself.' })

export const createAgent = defineOperation({
  name: 'agents.create',
  summary: 'Create an agent',
  description: 'It can log in once it has a credential (`credentials.create`).',
  input: z.strictObject({ name, description: description.default(''), scopes }),
  output: agent,
  problems: ['agent.name_taken', 'agent.scope_too_wide'],
  permission: 'agents:write',
  effect: 'write',
  idempotent: false,
  audit: 'agent.created',
  proof: 'recent',
  http: { method: 'POST', path: '/agents', status: 201 },
  cli: { verb: 'agents create', positionals: ['name'] },
})

export const listAgents = defineOperation({
  name: 'agents.list',
  summary: 'List the agents of the organization',
  description: 'Newest first, suspended agents included.',
  input: z.strictObject(pageInput),
  output: page(agent),
  problems: [],
  permission: 'agents:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/agents' },
  cli: { verb: 'agents list' },
  rows: 'items',
})

export const getAgent = defineOperation({
  name: 'agents.get',
  summary: 'Show an agent',
  input: z.strictObject({ agentId }),
  output: agent,
  problems: ['agent.not_found'],
  permission: 'agents:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/agents/{agentId}' },
  cli: { verb: 'agents get', positionals: ['agentId'] },
})

export const updateAgent = defineOperation({
  name: 'agents.update',
  summary: 'Change an agent, suspend it, or let it in again',
  description:
    'A suspended agent can do nothing within five seconds, in every process, and what it has open ends. New scopes apply to the tokens that it ' +
    'has. To give it scopes, or to let it in again, you need each of its scopes.',
  input: z.strictObject({
    agentId,
    name: name.optional(),
    description: description.optional(),
    scopes: scopes.optional(),
    suspended: z.boolean().optional().meta({ description: 'Whether the agent is suspended from now on.' }),
  }),
  output: agent,
  problems: ['agent.not_found', 'agent.name_taken', 'agent.scope_too_wide'],
  choices: [{ of: ['name', 'description', 'scopes', 'suspended'], given: 'at least one' }],
  permission: 'agents:write',
  effect: 'write',
  idempotent: true,
  audit: 'agent.updated',
  proof: 'recent',
  http: { method: 'PATCH', path: '/agents/{agentId}' },
  cli: { verb: 'agents update', positionals: ['agentId'] },
})

export const deleteAgent = defineOperation({
  name: 'agents.delete',
  summary: 'Delete an agent',
  description: 'Its credentials and tokens end within five seconds, in every process. What it did stays in the audit log.',
  input: z.strictObject({ agentId }),
  output: agent,
  problems: ['agent.not_found'],
  permission: 'agents:write',
  effect: 'write',
  idempotent: false,
  audit: 'agent.deleted',
  http: { method: 'DELETE', path: '/agents/{agentId}' },
  cli: { verb: 'agents delete', positionals: ['agentId'] },
})

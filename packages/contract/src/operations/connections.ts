import { z } from 'zod'
import { connectionId } from '../ids.ts'
import { connection, connectionChange, connectionName, connectionSettings } from '../nouns/connection.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'

export const createConnection = defineOperation({
  name: 'connections.create',
  summary: 'Create a connection',
  description: 'A connection holds credentials for an outside system. They are stored encrypted, and no answer ever shows them again.',
  input: z.strictObject({ name: connectionName, settings: connectionSettings }),
  output: connection,
  problems: ['connection.name_taken'],
  permission: 'connections:write',
  effect: 'write',
  idempotent: false,
  audit: 'connection.created',
  http: { method: 'POST', path: '/connections', status: 201 },
  cli: { verb: 'connections create', positionals: ['name'] },
})

export const listConnections = defineOperation({
  name: 'connections.list',
  summary: 'List connections',
  description: 'Newest first, without secrets.',
  input: z.strictObject(pageInput),
  output: page(connection),
  problems: [],
  permission: 'connections:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/connections' },
  mcp: { tool: 'connection_list' },
  cli: { verb: 'connections list' },
  rows: 'items',
})

export const getConnection = defineOperation({
  name: 'connections.get',
  summary: 'Show a connection',
  description: 'Without its secrets.',
  input: z.strictObject({ connectionId }),
  output: connection,
  problems: ['connection.not_found'],
  permission: 'connections:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/connections/{connectionId}' },
  mcp: { tool: 'connection_get' },
  cli: { verb: 'connections get', positionals: ['connectionId'] },
})

export const updateConnection = defineOperation({
  name: 'connections.update',
  summary: 'Change a connection',
  description:
    'Absent fields keep their value; null removes an optional one. A change of any other setting requires the secrets again, so that ' +
    'stored secrets cannot be redirected to another address.',
  input: z.strictObject({ connectionId, name: connectionName.optional(), settings: connectionChange.optional() }),
  output: connection,
  problems: ['connection.not_found', 'connection.name_taken', 'connection.secrets_needed', 'connection.unreadable'],
  permission: 'connections:write',
  effect: 'write',
  idempotent: true,
  audit: 'connection.updated',
  http: { method: 'PATCH', path: '/connections/{connectionId}' },
  cli: { verb: 'connections update', positionals: ['connectionId'] },
})

export const deleteConnection = defineOperation({
  name: 'connections.delete',
  summary: 'Delete a connection',
  description: 'Also deletes its secrets. Calls that use the connection fail from now on.',
  input: z.strictObject({ connectionId }),
  output: connection,
  problems: ['connection.not_found'],
  permission: 'connections:write',
  effect: 'write',
  idempotent: true,
  audit: 'connection.deleted',
  http: { method: 'DELETE', path: '/connections/{connectionId}' },
  cli: { verb: 'connections delete', positionals: ['connectionId'] },
})

import { type ConnectionSettings, decodeId, encodeId } from '@orrery/contract'
import { type Ctx, orProblem, withOrg } from '@orrery/kernel'
import { readSecrets } from './connection-secrets.ts'
import { selectConnection, selectConnectionByName } from './connection-store.ts'

/** A connection with its secrets. `settings` is not enumerable, so neither JSON nor a log shows it. */
export interface OpenedConnection {
  readonly id: string
  readonly name: string
  /** With the secrets. Never return, journal or log them. */
  readonly settings: ConnectionSettings
}

/**
 * Decrypts a connection for a tool, in the process that makes the call. It is opened for each use and not cached.
 * @param nameOrId `con_…`, or a name; names cannot look like ids.
 * @throws connection.not_found, connection.unreadable
 */
export async function openConnection(ctx: Ctx, nameOrId: string): Promise<OpenedConnection> {
  const id = decodeId('con', nameOrId)
  const found = await withOrg(ctx, (tx) =>
    id === null ? selectConnectionByName(tx, ctx.org, nameOrId) : selectConnection(tx, ctx.org, id),
  )
  const row = orProblem(found, 'connection.not_found', `There is no connection ${nameOrId}.`)
  const settings = { ...row.settings, ...readSecrets(ctx.kernel.secretKeys, row, Object.keys(row.secrets)) }
  const opened = { id: encodeId('con', row.connection_id), name: row.name }
  return Object.defineProperty(opened, 'settings', { value: settings }) as OpenedConnection
}

import { type ConnectionSettings, decodeId, encodeId } from '@orrery/contract'
import { type Ctx, orProblem, withOrg } from '@orrery/kernel'
import { readSecrets } from './connection-secrets.ts'
import { selectConnection, selectConnectionByName } from './connection-store.ts'

/** A connection in use. Neither JSON nor a log shows its settings: they are no enumerable member. */
export interface OpenedConnection {
  readonly id: string
  readonly name: string
  /** With the secrets. Never to be journalled, answered or logged. */
  readonly settings: ConnectionSettings
}

/**
 * For tools, in the process that makes the call: opened anew for each use, kept nowhere.
 * @param nameOrId `con_…`, or a name; no name looks like an id.
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

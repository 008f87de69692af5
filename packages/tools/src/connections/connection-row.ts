import { type ConnectionType, encodeId, type Json, type OutputOf } from '@orrery/contract'

export interface ConnectionRow {
  readonly org_id: string
  readonly connection_id: string
  readonly name: string
  /** The type, and the fields that are not secret. */
  readonly settings: ShownSettings
  /** Sealed values by field name. */
  readonly secrets: Readonly<Record<string, string>>
  readonly created_at: Date
  readonly updated_at: Date
}

export type ShownSettings = { readonly type: ConnectionType } & Readonly<Record<string, Json>>

/** The connection as operations return it: without its secrets. */
export function toConnection(row: ConnectionRow): OutputOf<'connections.get'> {
  return {
    id: encodeId('con', row.connection_id),
    name: row.name,
    // They were validated when they were written.
    settings: row.settings as OutputOf<'connections.get'>['settings'],
    secretFields: Object.keys(row.secrets),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

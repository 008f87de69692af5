/** Where the secrets of a connection are sealed and opened. In between they are in no variable that outlives the call. */
import { encodeId, type Json, problem, secretFieldsOf } from '@orrery/contract'
import { openSecret, SecretError, type SecretKeys, type SecretPlace, sealSecret } from '@orrery/kernel'
import type { ConnectionRow, ShownSettings } from './connection-row.ts'

type RowId = Pick<ConnectionRow, 'org_id' | 'connection_id'>

/** As a row holds them: apart, the secrets sealed with the active key. */
export function splitSettings(keys: SecretKeys, id: RowId, whole: ShownSettings): Pick<ConnectionRow, 'settings' | 'secrets'> {
  const secret = new Set(secretFieldsOf(whole.type))
  const entries = Object.entries(whole).filter(([, value]) => value !== undefined)
  const [hidden, shown] = [entries.filter(([field]) => secret.has(field)), entries.filter(([field]) => !secret.has(field))]
  return { settings: Object.fromEntries(shown) as ShownSettings, secrets: sealFields(keys, id, Object.fromEntries(hidden)) }
}

export function sealFields(keys: SecretKeys, id: RowId, fields: Readonly<Record<string, Json>>): Record<string, string> {
  const sealed = Object.entries(fields).map(
    ([field, value]) => [field, sealSecret(keys, placeOf(id, field), JSON.stringify(value))] as const,
  )
  return Object.fromEntries(sealed)
}

/** @throws SecretError */
export function openFields(keys: SecretKeys, id: RowId, sealed: Readonly<Record<string, string>>): Record<string, Json> {
  const opened = Object.entries(sealed).map(
    ([field, text]) => [field, JSON.parse(openSecret(keys, placeOf(id, field), text)) as Json] as const,
  )
  return Object.fromEntries(opened)
}

/** Those of `fields`, for somebody who can do something about it if they do not open. @throws connection.unreadable */
export function readSecrets(keys: SecretKeys, row: ConnectionRow, fields: readonly string[]): Record<string, Json> {
  try {
    return openFields(keys, row, Object.fromEntries(Object.entries(row.secrets).filter(([field]) => fields.includes(field))))
  } catch (error) {
    if (!(error instanceof SecretError)) throw error
    // The reason names a key by its id, and holds nothing of the secret.
    throw problem('connection.unreadable', `The connection ${encodeId('con', row.connection_id)}: ${error.message}.`, { cause: error })
  }
}

/** Sealed for this row and this field: what is copied to another one does not open there. */
function placeOf(id: RowId, field: string): SecretPlace {
  return { org: id.org_id, row: `app.connection/${id.connection_id}`, field }
}

/** Seals and opens the secrets of connections. No variable holds an opened secret longer than a call. */
import { encodeId, type Json, problem, secretFieldsOf } from '@orrery/contract'
import { openSecret, SecretError, type SecretKeys, type SecretPlace, sealSecret } from '@orrery/kernel'
import type { ConnectionRow, ShownSettings } from './connection-row.ts'

type RowId = Pick<ConnectionRow, 'org_id' | 'connection_id'>

/** Splits settings into the columns of a row: plain settings, and secrets sealed with the active key. */
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

/**
 * Opens the secrets of these fields. A failure is a problem that the caller can fix, with the id of the key.
 * @throws connection.unreadable
 */
export function readSecrets(keys: SecretKeys, row: ConnectionRow, fields: readonly string[]): Record<string, Json> {
  try {
    return openFields(keys, row, Object.fromEntries(Object.entries(row.secrets).filter(([field]) => fields.includes(field))))
  } catch (error) {
    if (!(error instanceof SecretError)) throw error
    // The message contains the id of a key, and no part of the secret.
    throw problem('connection.unreadable', `The connection ${encodeId('con', row.connection_id)}: ${error.message}.`, { cause: error })
  }
}

/** A secret is sealed for one row and one field. A copy in another place cannot be opened. */
function placeOf(id: RowId, field: string): SecretPlace {
  return { org: id.org_id, row: `app.connection/${id.connection_id}`, field }
}

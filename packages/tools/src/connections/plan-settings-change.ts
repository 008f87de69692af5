import { connectionSettings, type Json, problem, secretFieldsOf } from '@orrery/contract'
import { canonicalJson, validateInput } from '@orrery/kernel'
import { z } from 'zod'
import type { ConnectionRow, ShownSettings } from './connection-row.ts'

/** The change as the shape of the operation accepts it: absent fields stay, null removes a field. */
export type SettingsChange = { readonly type: string } & Readonly<Record<string, unknown>>

export interface ChangePlan {
  /** Names of the secret fields that stay as they are. */
  readonly kept: readonly string[]
  /** Returns the new settings. @param kept values of the kept secrets @throws invalid_input */
  complete(kept: Readonly<Record<string, Json>>): ShownSettings
}

const settingsInput = z.object({ settings: connectionSettings })

/**
 * A caller that may change a connection cannot read its secrets. If a secret were kept while the host, URL or command changes, the caller
 * could have it sent to a server of its own. So secrets are kept only if no other setting changes.
 * @throws invalid_input, connection.secrets_needed
 */
export function planSettingsChange(row: Pick<ConnectionRow, 'settings' | 'secrets'>, change: SettingsChange): ChangePlan {
  const { type } = row.settings
  if (change.type !== type) {
    const error = { path: 'settings.type', message: 'The type of a connection cannot change', expected: JSON.stringify(type) }
    throw problem('invalid_input', 'The type of a connection cannot change; create a new connection.', { errors: [error] })
  }
  const given = Object.entries(change).filter(([, value]) => value !== undefined)
  const named = new Set(given.map(([field]) => field))
  const secret = secretFieldsOf(type)
  const shown = withoutNulls({ ...row.settings, ...Object.fromEntries(given.filter(([field]) => !secret.includes(field))) })
  const kept = Object.keys(row.secrets).filter((field) => !named.has(field))
  if (kept.length > 0 && canonicalJson(shown) !== canonicalJson(row.settings)) {
    throw problem('connection.secrets_needed', `This changes where a secret is used: pass ${kept.join(', ')} again.`)
  }
  const fresh = given.filter(([field]) => secret.includes(field))
  return {
    kept,
    complete(opened) {
      const whole = withoutNulls({ ...shown, ...opened, ...Object.fromEntries(fresh) })
      return (validateInput(settingsInput, { settings: whole }) as { settings: ShownSettings }).settings
    },
  }
}

function withoutNulls(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}

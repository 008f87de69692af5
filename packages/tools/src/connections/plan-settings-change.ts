import { connectionSettings, type Json, problem, secretFieldsOf } from '@orrery/contract'
import { canonicalJson, validateInput } from '@orrery/kernel'
import { z } from 'zod'
import type { ConnectionRow, ShownSettings } from './connection-row.ts'

/** As the operation's shape lets them through: absent fields stay, null takes one away. */
export type SettingsChange = { readonly type: string } & Readonly<Record<string, unknown>>

export interface ChangePlan {
  /** Secrets that stay as they are, by field. */
  readonly kept: readonly string[]
  /** The settings as they will be, once the kept secrets are known. @throws invalid_input */
  complete(kept: Readonly<Record<string, Json>>): ShownSettings
}

const settingsInput = z.object({ settings: connectionSettings })

/**
 * Whoever may change a connection may not read it. Were a secret kept while its host, address or command changes, he could
 * have it sent to himself; so secrets are kept only if nothing else of the settings changes.
 * @throws invalid_input, connection.secrets_needed
 */
export function planSettingsChange(row: Pick<ConnectionRow, 'settings' | 'secrets'>, change: SettingsChange): ChangePlan {
  const { type } = row.settings
  if (change.type !== type) {
    const error = { path: 'settings.type', message: 'The type of a connection cannot change', expected: JSON.stringify(type) }
    throw problem('invalid_input', 'The type of a connection cannot change; make a new one.', { errors: [error] })
  }
  const given = Object.entries(change).filter(([, value]) => value !== undefined)
  const named = new Set(given.map(([field]) => field))
  const secret = secretFieldsOf(type)
  const shown = withoutNulls({ ...row.settings, ...Object.fromEntries(given.filter(([field]) => !secret.includes(field))) })
  const kept = Object.keys(row.secrets).filter((field) => !named.has(field))
  if (kept.length > 0 && canonicalJson(shown) !== canonicalJson(row.settings)) {
    throw problem('connection.secrets_needed', `This changes where a secret is used: give ${kept.join(', ')} again.`)
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

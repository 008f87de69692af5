import type { ProblemError } from '@orrery/contract'
import { expect, test } from 'vitest'
import type { ShownSettings } from './connection-row.ts'
import { planSettingsChange, type SettingsChange } from './plan-settings-change.ts'

const smtp = {
  settings: { type: 'smtp', host: 'mail.example', port: 25, secure: true, username: 'ada' },
  secrets: { password: 'v1' },
} as const

function failure(settings: ShownSettings, secrets: Readonly<Record<string, string>>, change: SettingsChange): string {
  try {
    planSettingsChange({ settings, secrets }, change).complete({})
    return 'none'
  } catch (error) {
    return (error as ProblemError).code
  }
}

test('keeps a secret only if no other setting changes', () => {
  expect(planSettingsChange(smtp, { type: 'smtp', host: 'mail.example' }).kept).toEqual(['password'])
  for (const change of [{ host: 'evil.example' }, { port: 26 }, { secure: false }, { username: 'eve' }, { username: null }])
    expect(failure(smtp.settings, smtp.secrets, { type: 'smtp', ...change })).toBe('connection.secrets_needed')
})

test('allows any change if the secrets are passed again or removed', () => {
  const moved = planSettingsChange(smtp, { type: 'smtp', host: 'other.example', password: 'new' })
  expect(moved.kept).toEqual([])
  expect(moved.complete({})).toEqual({ ...smtp.settings, host: 'other.example', password: 'new' })
  const open = planSettingsChange(smtp, { type: 'smtp', host: 'other.example', username: null, password: null })
  expect(open.complete({})).toEqual({ type: 'smtp', host: 'other.example', port: 25, secure: true })
})

test('rejects the removal of a required secret and a change of the type', () => {
  const model = { type: 'model', provider: 'anthropic' } as const
  expect(failure(model, { apiKey: 'v1' }, { type: 'bearer', token: 'x' })).toBe('invalid_input')
  expect(failure(model, { apiKey: 'v1' }, { type: 'model', apiKey: null })).toBe('invalid_input')
  // Azure requires a baseUrl.
  expect(failure(model, { apiKey: 'v1' }, { type: 'model', provider: 'azure', apiKey: 'x' })).toBe('invalid_input')
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BadSetting, describeSettings, readConfig, unknownSettings } from './config.ts'
import { SETTINGS, type Setting } from './settings.ts'

test('defaults to a server that only this machine can reach', () => {
  expect(readConfig({}, [])).toMatchObject({
    host: '127.0.0.1',
    port: 8787,
    roles: ['api', 'worker', 'scheduler'],
    corsOrigins: [],
    data: '.orrery',
  })
})

test('prefers a flag to its environment variable', () => {
  expect(readConfig({ PORT: '1000', ORRERY_ROLES: 'api' }, ['--port', '0', '--roles', 'worker, api'])).toMatchObject({
    port: 0,
    roles: ['worker', 'api'],
  })
})

test('treats an empty variable as absent', () => {
  expect(readConfig({ ORRERY_HOST: '', DATABASE_URL: ' ' }, []).host).toBe('127.0.0.1')
})

const wrong: [string, Record<string, string>, string[], RegExp][] = [
  ['a port out of range', { PORT: '70000' }, [], /^PORT must be a whole number from 0 to 65535.*70000/],
  ['a word for a port', {}, ['--port', 'http'], /^--port must be/],
  ['an unknown role', { ORRERY_ROLES: 'api,chief' }, [], /^ORRERY_ROLES must be api, worker, scheduler/],
  ['a bare number as a duration', { ORRERY_STOP_GRACE: '10' }, [], /^ORRERY_STOP_GRACE must be a duration/],
  ['an origin with a path', { ORRERY_CORS_ORIGINS: 'https://a.example/x' }, [], /^ORRERY_CORS_ORIGINS/],
  ['every origin', { ORRERY_CORS_ORIGINS: '*' }, [], /^ORRERY_CORS_ORIGINS must be origins such as/],
  ['a public address without its scheme', { ORRERY_PUBLIC_URL: 'orrery.example.com' }, [], /^ORRERY_PUBLIC_URL must be scheme, host/],
  ['a bare % in a password', { DATABASE_URL: 'postgres://me:100%@db/x' }, [], /^DATABASE_URL must be .* %25 for a % in its password$/],
  ['a bare % in the password of Redis', { REDIS_URL: 'redis://:100%@cache' }, [], /^REDIS_URL must be .* %25 for a % in its password$/],
  ['a password that is not UTF-8', { DATABASE_URL: 'postgres://me:%ff@db/x' }, [], /^DATABASE_URL must be/],
  ['a misspelt flag', {}, ['--prot', '1'], /--prot/],
  ['a client without its secret', { ORRERY_GITHUB_CLIENT_ID: 'x' }, [], /ORRERY_GITHUB_CLIENT_ID needs ORRERY_GITHUB_CLIENT_SECRET/],
  ['watching without a project', { ORRERY_WATCH: 'true' }, [], /needs ORRERY_PROJECT/],
]
test.each(wrong)('refuses %s and names the setting', (_, env, args, message) => {
  expect(() => readConfig(env, args)).toThrow(BadSetting)
  expect(() => readConfig(env, args)).toThrow(message)
})

test('does not repeat the value of a refused secret', () => {
  expect(() => readConfig({ DATABASE_URL: 'mysql://root:hunter2@db' }, [])).toThrow(
    /^DATABASE_URL must be a URL that begins with postgres:\/\/ or postgresql:\/\/, with %25 for a % in its password$/,
  )
})

test('reports every invalid setting at once', () => {
  expect(() => readConfig({ PORT: 'x', ORRERY_SLOTS: '0' }, [])).toThrow(/PORT[\s\S]*ORRERY_SLOTS/)
})

test('reports a misspelt variable, but not those of the command line', () => {
  expect(unknownSettings({ ORRERY_PROT: '1', ORRERY_HOST: '::', ORRERY_URL: 'http://x', HOME: '/' })).toEqual(['ORRERY_PROT'])
})

test('lists every setting in the table', () => {
  const table = describeSettings()
  for (const setting of Object.values<Setting>(SETTINGS)) expect(table).toContain(`\`${setting.env}\``)
})

test('has the same table in the configuration guide', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../../docs/guides/configuration.md'), 'utf8')
  expect(guide).toContain(describeSettings())
})

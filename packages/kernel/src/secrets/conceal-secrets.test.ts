import { operations } from '@orrery/contract'
import { expect, test } from 'vitest'
import { concealSecrets } from './conceal-secrets.ts'
import { makeSecretKey, readSecretKeys } from './secret-keys.ts'

const keys = readSecretKeys(makeSecretKey())
const [create, update] = [operations['connections.create'].input, operations['connections.update'].input]
const canary = 'hunter2-canary'

const settings = [
  { type: 'bearer', token: canary },
  { type: 'basic', username: 'ada', password: canary },
  { type: 'header', name: 'x-key', value: canary },
  { type: 'smtp', host: 'mail.example', port: 25, secure: false, username: 'ada', password: canary },
  { type: 'imap', host: 'mail.example', port: 993, secure: true, username: 'ada', password: canary },
  { type: 'slack', token: canary },
  { type: 'model', provider: 'openai', apiKey: canary },
  { type: 'mcp_http', url: 'https://mcp.example/mcp', headers: { authorization: canary } },
  { type: 'mcp_stdio', command: 'node', args: ['server.js'], env: { TOKEN: canary } },
] as const

test.each(settings)('replaces the secrets of $type settings by fingerprints and keeps the other fields', (one) => {
  for (const [shape, input] of [
    [create, { name: 'x', settings: one }],
    [update, { connectionId: 'con_01jb2m4k6q8r0s2t4v6w8x0y2z', settings: one }],
  ] as const) {
    const kept = JSON.stringify(concealSecrets(keys, 'org', shape, shape.parse(input)))
    expect(kept).not.toContain(canary)
    expect(kept).toMatch(/[0-9a-f]{64}/)
    for (const [field, value] of Object.entries(one))
      if (typeof value === 'string' && value !== canary) expect(kept, field).toContain(JSON.stringify(value))
  }
})

test('equal secrets have equal fingerprints only within one organization and under one key', () => {
  const of = (token: string, org = 'org', ring = keys) =>
    JSON.stringify(concealSecrets(ring, org, create, { name: 'x', settings: { type: 'bearer', token } }))
  expect(of('a')).toBe(of('a'))
  const others = [of('b'), of('a', 'another'), of('a', 'org', readSecretKeys(makeSecretKey()))]
  expect(new Set([of('a'), ...others]).size).toBe(4)
})

test('returns an input whose shape has no secrets without copying it', () => {
  const input = { name: 'acme' }
  expect(concealSecrets(keys, 'org', operations['orgs.create'].input, input)).toBe(input)
})

test('leaves absent and null secrets unchanged', () => {
  const input = { connectionId: 'con_01jb2m4k6q8r0s2t4v6w8x0y2z', settings: { type: 'mcp_http', headers: null } } as const
  expect(concealSecrets(keys, 'org', update, update.parse(input))).toEqual(input)
})

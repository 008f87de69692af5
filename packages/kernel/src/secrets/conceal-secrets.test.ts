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

test.each(settings)('what is kept of $type holds its fields, and of its secrets a fingerprint', (one) => {
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

test('the fingerprint tells equal secrets from others, and only within an org and under a key', () => {
  const of = (token: string, org = 'org', ring = keys) =>
    JSON.stringify(concealSecrets(ring, org, create, { name: 'x', settings: { type: 'bearer', token } }))
  expect(of('a')).toBe(of('a'))
  const others = [of('b'), of('a', 'another'), of('a', 'org', readSecretKeys(makeSecretKey()))]
  expect(new Set([of('a'), ...others]).size).toBe(4)
})

test('an input without secrets is given back as it is', () => {
  const input = { name: 'acme' }
  expect(concealSecrets(keys, 'org', operations['orgs.create'].input, input)).toBe(input)
})

test('secrets that are absent or taken away are no secrets', () => {
  const input = { connectionId: 'con_01jb2m4k6q8r0s2t4v6w8x0y2z', settings: { type: 'mcp_http', headers: null } } as const
  expect(concealSecrets(keys, 'org', update, update.parse(input))).toEqual(input)
})

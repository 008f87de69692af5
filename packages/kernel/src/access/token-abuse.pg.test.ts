/**
 * Tokens that must not work: forged, changed, of another kind, or of a holder that has lost its access. Each row of the table makes one, and
 * every operation it names refuses it. The forger of the signed ones has this installation's own key, so a row fails by what it changes alone.
 */
import { createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto'
import { encodeId, type Id } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { makeSigningKey, readTokenKeys } from '../secrets/signing-keys.ts'

const tokens = readTokenKeys(makeSigningKey())
const strangers = generateKeyPairSync('ed25519')
const strangersJwk = strangers.publicKey.export({ format: 'jwk' })
let t: TestCore

beforeAll(async () => {
  t = await startTestCore({ work: false, tokens })
})
afterAll(() => t?.close())

type Claims = Readonly<Record<string, unknown>>

interface Agent {
  readonly id: Id<'agt'>
  readonly credentialId: string
  readonly secret: string
  readonly access: string
  readonly refresh: string
  /** Header and payload of its access token. */
  readonly header: Claims
  readonly payload: Claims & { readonly sid: string }
}

const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

let count = 0
async function newAgent(key = t.adminKey): Promise<Agent> {
  const { id } = await t.call('agents.create', { name: `agent-${++count}`, scopes: ['runs:read'] }, { key })
  const made = await t.call('credentials.create', { agentId: id, name: 'only' }, { key })
  const secret = made.secret ?? ''
  const { accessToken, refreshToken } = (await t.answer('tokens.issue', {}, { key: secret })).output as {
    readonly accessToken: string
    readonly refreshToken: string
  }
  const [header, payload] = accessToken.split('.')
  return {
    id: id as Id<'agt'>,
    credentialId: made.id,
    secret,
    access: accessToken,
    refresh: refreshToken,
    header: decode(header),
    payload: decode(payload) as Agent['payload'],
  }
}

/** Signs anything with the key of this installation, or another one. */
function forge({ header, payload }: { readonly header: Claims; readonly payload: Claims }, signer: KeyObject = tokens.signer): string {
  const text = `${encode(header)}.${encode(payload)}`
  return `${text}.${signBytes(null, Buffer.from(text), signer).toString('base64url')}`
}

const withClaims = (agent: Agent, change: Claims) => forge({ header: agent.header, payload: { ...agent.payload, ...change } })
const withHeader = (agent: Agent, change: Claims, signer?: KeyObject) =>
  forge({ header: { ...agent.header, ...change }, payload: agent.payload }, signer)

function forgeSymmetric(agent: Agent, secret: string | Buffer, alg: 'HS256' | 'HS512' = 'HS256'): string {
  const text = `${encode({ ...agent.header, alg })}.${encode(agent.payload)}`
  return `${text}.${createHmac(alg === 'HS256' ? 'sha256' : 'sha512', secret)
    .update(text)
    .digest('base64url')}`
}

const unsigned = (agent: Agent, alg: string, signature = '') => `${encode({ ...agent.header, alg })}.${encode(agent.payload)}.${signature}`
const partsOf = ({ access }: Agent) => access.split('.') as [string, string, string]
const spki = (format: 'pem' | 'der') => tokens.verifier.export({ type: 'spki', format } as never) as string | Buffer
const seconds = (inMs: number) => Math.floor((t.engine.now() + inMs) / 1000)

const HERE = ['runs.list', 'tokens.issue', 'tokens.refresh', 'tokens.revoke']
type Row = readonly [what: string, make: (agent: Agent) => string | Promise<string>, refusedBy?: readonly string[]]

const ROWS: readonly Row[] = [
  // Claims
  ['for another audience', (agent) => withClaims(agent, { aud: 'another' })],
  ['for a list of other audiences', (agent) => withClaims(agent, { aud: ['another', 'https://orrery.example.com'] })],
  ['without an audience', (agent) => withClaims(agent, { aud: undefined })],
  ['of another issuer', (agent) => withClaims(agent, { iss: 'https://issuer.example.com' })],
  ['of an issuer whose name begins alike', (agent) => withClaims(agent, { iss: 'orrery.example.com' })],
  ['without an issuer', (agent) => withClaims(agent, { iss: undefined })],
  ['that has expired', (agent) => withClaims(agent, { exp: seconds(-1000) })],
  ['without an expiry', (agent) => withClaims(agent, { exp: undefined })],
  ['with an expiry that is a text', (agent) => withClaims(agent, { exp: '9999999999' })],
  ['that is not valid yet', (agent) => withClaims(agent, { nbf: seconds(3_600_000) })],
  ['that was issued in the future', (agent) => withClaims(agent, { iat: seconds(3_600_000) })],
  ['without a time of issue', (agent) => withClaims(agent, { iat: undefined })],
  ['without a subject', (agent) => withClaims(agent, { sub: undefined })],
  ['of another agent', async (agent) => withClaims(agent, { sub: (await newAgent()).id })],
  ['of another organization’s agent', async (agent) => withClaims(agent, { sub: (await newAgent(await t.otherOrg(`org-${++count}`))).id })],
  ['of an agent, for another organization', async (agent) => withClaims(agent, { org: (await ofOtherOrg()).payload.org })],
  ['of an agent, with the token family of another', async (agent) => withClaims(agent, { sid: (await newAgent()).payload.sid })],
  ['of an agent, with a token family of a key', async (agent) => withClaims(agent, { sid: (await tokenOfKey()).sid })],
  ['of a key, with a token family of an agent', async (agent) => withClaims(agent, { sub: (await tokenOfKey()).sub })],
  ['of a member', (agent) => withClaims(agent, { sub: encodeId('mbr', agent.payload.sid) })],
  ['of a credential', (agent) => withClaims(agent, { sub: agent.credentialId })],
  ['with a token family that does not exist', (agent) => withClaims(agent, { sid: '00000000-0000-7000-8000-000000000000' })],
  ['with a token family that is SQL', (agent) => withClaims(agent, { sid: "' or true --" })],
  ['without a generation', (agent) => withClaims(agent, { gen: undefined })],
  ['with scopes that are not a text', (agent) => withClaims(agent, { scope: ['runs:read'] })],
  // Algorithms
  ...['none', 'None', 'nOnE', 'NONE'].map((alg): Row => [`with the algorithm ${alg}`, (agent) => unsigned(agent, alg)]),
  ['with the algorithm none and a signature', (agent) => unsigned(agent, 'none', partsOf(agent)[2])],
  ['without an algorithm', (agent) => withHeader(agent, { alg: undefined })],
  ['with the algorithm ES256', (agent) => withHeader(agent, { alg: 'ES256' })],
  ['with the algorithm Ed448', (agent) => withHeader(agent, { alg: 'Ed448' })],
  ['signed with the public key (PEM) as the secret of HS256', (agent) => forgeSymmetric(agent, spki('pem'))],
  ['signed with the public key (DER) as the secret of HS256', (agent) => forgeSymmetric(agent, spki('der'))],
  ['signed with the public key (JWK) as the secret of HS256', (agent) => forgeSymmetric(agent, JSON.stringify(publicJwk()))],
  ['signed with the bytes of the public key as the secret of HS512', (agent) => forgeSymmetric(agent, bytesOfKey(), 'HS512')],
  ['signed with an empty secret', (agent) => forgeSymmetric(agent, '')],
  // Headers that name a key
  ['signed with another key', (agent) => withHeader(agent, {}, strangers.privateKey)],
  ['with an unknown key id', (agent) => withHeader(agent, { kid: 'fedcba9876543210' }, strangers.privateKey)],
  ['of ours with an unknown key id', (agent) => withHeader(agent, { kid: 'fedcba9876543210' })],
  ['without a key id', (agent) => withHeader(agent, { kid: undefined })],
  ['whose key id is a path', (agent) => withHeader(agent, { kid: '../../../../dev/null' }, strangers.privateKey)],
  ['whose key id is SQL', (agent) => withHeader(agent, { kid: "x' union select 'y" }, strangers.privateKey)],
  ['that brings its own key (jwk)', (agent) => withHeader(agent, { jwk: strangersJwk }, strangers.privateKey)],
  ['that brings its own key and key id', (agent) => withHeader(agent, { jwk: strangersJwk, kid: 'own' }, strangers.privateKey)],
  ['that says where its key is (jku)', (agent) => withHeader(agent, { jku: 'http://127.0.0.1:9/jwks.json' }, strangers.privateKey)],
  ['that says where its certificate is (x5u)', (agent) => withHeader(agent, { x5u: 'http://127.0.0.1:9/x' }, strangers.privateKey)],
  ['that brings a certificate (x5c)', (agent) => withHeader(agent, { x5c: ['MIIB'] }, strangers.privateKey)],
  ['with a critical header that is unknown', (agent) => withHeader(agent, { crit: ['exp'], exp: 1 })],
  ['with a payload that is not encoded (b64)', (agent) => withHeader(agent, { crit: ['b64'], b64: false })],
  // Kinds
  ['of the type JWT', (agent) => withHeader(agent, { typ: 'JWT' })],
  ['without a type', (agent) => withHeader(agent, { typ: undefined })],
  ['whose type is that of an access token in full', (agent) => withHeader(agent, { typ: 'application/at+jwt' })],
  ['to refresh, used for access', (agent) => agent.refresh, ['runs.list', 'tokens.issue']],
  ['to refresh, relabelled for access', ({ header, refresh }) => relabel(refresh, header), HERE],
  ['for access, used to refresh', (agent) => agent.access, ['tokens.refresh', 'tokens.issue']],
  ['for access, relabelled to refresh', (agent) => relabel(agent.access, { ...agent.header, typ: 'rt+jwt' })],
  ['that is the secret of an agent, used for access', (agent) => agent.secret, ['runs.list', 'tokens.refresh']],
  ['to refresh that was used', ({ refresh }) => after(use(refresh), refresh), ['tokens.refresh']],
  ['for access whose refresh token was used twice', ({ refresh, access }) => after(useTwice(refresh), access)],
  // Holders
  ['of a suspended agent', (agent) => after(t.call('agents.update', { agentId: agent.id, suspended: true }), agent.access)],
  ['to refresh of a suspended agent', (agent) => after(t.call('agents.update', { agentId: agent.id, suspended: true }), agent.refresh)],
  ['of a deleted agent', (agent) => after(t.call('agents.delete', { agentId: agent.id }), agent.access)],
  ['to refresh of a deleted agent', (agent) => after(t.call('agents.delete', { agentId: agent.id }), agent.refresh)],
  ['of a revoked credential', (agent) => after(revoke(agent), agent.access)],
  ['to refresh of a revoked credential', (agent) => after(revoke(agent), agent.refresh)],
  ['of a revoked token family', (agent) => after(t.call('tokens.revoke', {}, { key: agent.refresh }), agent.access)],
  // Spelling
  ['that is over-long', (agent) => withClaims(agent, { padding: 'x'.repeat(4_000) })],
  [
    'of another spelling in its last character',
    ({ access }) => access.slice(0, -1) + String.fromCharCode(access.charCodeAt(access.length - 1) + 1),
  ],
  ['with padding', ({ access }) => `${access}=`],
  ['with a line break inside', (agent) => partsOf(agent).join('.\n')],
  ['with a blank at its end', ({ access }) => `${access} `],
  ['in the other alphabet of base64', (agent) => inOtherAlphabet(agent)],
  ['without its signature', (agent) => partsOf(agent).slice(0, 2).join('.')],
  ['with an empty signature', (agent) => `${partsOf(agent).slice(0, 2).join('.')}.`],
  ['with the signature of another', async (agent) => [...partsOf(agent).slice(0, 2), partsOf(await newAgent())[2]].join('.')],
  [
    'with another payload under its signature',
    (agent) => [partsOf(agent)[0], encode({ ...agent.payload, exp: 9_999_999_999 }), partsOf(agent)[2]].join('.'),
  ],
  ['with a part too many', ({ access }) => `${access}.e30`],
  ['in the five parts of an encrypted one', (agent) => [...partsOf(agent), 'e30', 'e30'].join('.')],
]

/** A signature that has one of the two letters in which the alphabets differ. */
function inOtherAlphabet(agent: Agent): string {
  for (let gen = 1; gen < 100; gen++) {
    const token = withClaims(agent, { gen })
    if (/[-_][^.]*$/.test(token)) return token.replace(/[^.]*$/, (signature) => signature.replaceAll('-', '+').replaceAll('_', '/'))
  }
  throw new Error('No signature has such a letter')
}
const publicJwk = () => tokens.verifier.export({ format: 'jwk' })
const bytesOfKey = () => Buffer.from(publicJwk().x ?? '', 'base64url')
const relabel = (token: string, header: Claims) => [encode(header), ...token.split('.').slice(1)].join('.')
const ofOtherOrg = async () => newAgent(await t.otherOrg(`org-${++count}`))
const use = (refresh: string) => t.answer('tokens.refresh', {}, { key: refresh })
async function useTwice(refresh: string): Promise<void> {
  await use(refresh)
  await expect(use(refresh)).rejects.toMatchObject({ code: 'unauthenticated' })
}
async function after(work: Promise<unknown>, token: string): Promise<string> {
  await work
  return token
}
const revoke = ({ id, credentialId }: Agent) => t.call('credentials.revoke', { agentId: id, credentialId })

async function tokenOfKey(): Promise<{ readonly sid: unknown; readonly sub: unknown }> {
  const { accessToken } = (await t.answer('tokens.issue', {})).output as { readonly accessToken: string }
  const { sid, sub } = decode(accessToken.split('.')[1])
  return { sid, sub }
}

describe('a token', () => {
  it('that is forged without a change is accepted, so the rows below are refused for what they change', async () => {
    const agent = await newAgent()
    expect(withHeader(agent, {})).toBe(agent.access)
    expect(withClaims(agent, {})).toBe(agent.access)
    for (const key of [agent.access, withClaims(agent, { exp: seconds(60_000) })])
      expect((await t.answer('runs.list', {}, { key })).status).toBe(200)
  })

  it.for(ROWS)('%s is refused', async ([, make, refusedBy = HERE]) => {
    const key = await make(await newAgent())
    for (const operation of refusedBy) {
      await expect(t.answer(operation, {}, { key }), operation).rejects.toMatchObject({ code: 'unauthenticated', status: 401 })
    }
  })

  it('that claims scopes which its agent lacks has none of them', async () => {
    const agent = await newAgent()
    const wide = withClaims(agent, { scope: 'runs:read keys:write agents:write made:up' })
    expect((await t.answer('runs.list', {}, { key: wide })).status).toBe(200)
    await expect(t.answer('keys.create', { name: 'x', scopes: ['runs:read'] }, { key: wide })).rejects.toMatchObject({ code: 'forbidden' })
    const none = withClaims(agent, { scope: '' })
    await expect(t.answer('runs.list', {}, { key: none })).rejects.toMatchObject({ code: 'forbidden' })
  })
})

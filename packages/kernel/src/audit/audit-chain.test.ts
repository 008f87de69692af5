import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeSigningKey, readAuditKeys } from '../secrets/signing-keys.ts'
import { type Link, type SealedEntry, signCheckpoint } from './audit-chain.ts'
import { chain } from './seal-audit.ts'
import { verifyChain } from './verify-chain.ts'

const org = '01920000-0000-7000-8000-000000000000'
const keys = readAuditKeys(makeSigningKey())

const entry = (n: number): SealedEntry => ({
  org,
  id: `01920000-0000-7000-8000-${String(n).padStart(12, '0')}`,
  at: '2026-01-01T00:00:00.000Z',
  actorType: 'api_key',
  actor: 'key_x',
  action: 'queue.paused',
  subject: `q${n}`,
  inputDigest: 'ab',
  detail: { b: n, a: [null, 'ü'] },
  requestId: 'r',
})

type Row = { entry: SealedEntry; link: Link }

function build(length: number): Row[] {
  const entries = Array.from({ length }, (_, n) => entry(n + 1))
  const links = chain(entries, new Map())
  return entries.map((one, at) => ({ entry: one, link: links[at] as Link }))
}

const verify = (rows: readonly Row[], checkpoints = [checkpointOf(rows)]) =>
  verifyChain(
    org,
    (async function* () {
      yield rows
    })(),
    checkpoints,
    keys.known,
  )

function checkpointOf(rows: readonly Row[]) {
  const last = rows.at(-1)?.link ?? { seq: 0, hash: Buffer.alloc(0) }
  return signCheckpoint(keys.signer, { org, seq: last.seq, hash: last.hash }, '2026-01-01T00:00:00.000Z')
}

describe('the audit chain', () => {
  it('verifies without faults when nothing was changed', async () => {
    expect(await verify(build(20))).toEqual({ sealed: 20, checkpoints: 1, signedThrough: 20, faults: [] })
  })

  it('reports a fault for any change to any field of an entry', async () => {
    const rows = build(5)
    const fields = ['id', 'at', 'actorType', 'actor', 'action', 'subject', 'inputDigest', 'requestId'] as const
    await fc.assert(
      fc.asyncProperty(fc.nat(4), fc.constantFrom(...fields), fc.string(), async (at, field, text) => {
        const changed = rows.map((row, n) => (n === at ? { ...row, entry: { ...row.entry, [field]: text } } : row))
        const verdict = await verify(changed, [checkpointOf(rows)])
        expect(verdict.faults.length > 0).toBe(text !== rows[at]?.entry[field])
      }),
      { numRuns: 200 },
    )
  })

  it('reports entries that were removed, swapped or cut off, and a chain that was computed again', async () => {
    const rows = build(6)
    const signed = [checkpointOf(rows)]
    expect(
      (
        await verify(
          rows.filter((_, at) => at !== 2),
          signed,
        )
      ).faults,
    ).not.toEqual([])
    expect((await verify(rows.toSpliced(1, 2, rows[2] as Row, rows[1] as Row), signed)).faults).not.toEqual([])
    expect((await verify(rows.slice(0, 5), signed)).faults).toMatchObject([{ seq: 6 }])
    const links = chain(
      rows.map((row) => ({ ...row.entry, subject: 'other' })),
      new Map(),
    )
    const recomputed = rows.map((row, at) => ({ entry: { ...row.entry, subject: 'other' }, link: links[at] as Link }))
    expect((await verify(recomputed, signed)).faults).toMatchObject([{ seq: 6, message: 'The chain differs from the one that was signed' }])
  })

  it('rejects the signature of an unknown key', async () => {
    const rows = build(2)
    const unknown = readAuditKeys(makeSigningKey())
    const last = rows[1] as Row
    const forged = signCheckpoint(unknown.signer, { org, seq: 2, hash: last.link.hash }, '2026-01-01T00:00:00.000Z')
    expect((await verify(rows, [forged])).faults).toMatchObject([{ message: expect.stringContaining('unknown key') }])
    const renamed = { ...forged, keyId: checkpointOf(rows).keyId }
    expect((await verify(rows, [renamed])).faults).toMatchObject([{ message: 'The signature of the checkpoint is wrong' }])
  })
})

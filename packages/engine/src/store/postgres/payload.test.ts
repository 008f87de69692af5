import { describe, expect, it } from 'vitest'
import { BLOB_BYTES } from '../store.ts'
import { PayloadPacker } from './payload.ts'

const org = '00000000-0000-7000-8000-000000000001'

describe('packing payloads', () => {
  it('keeps a payload of up to 64 KB inline and makes a blob of a larger one', () => {
    const packer = new PayloadPacker()
    const [fits, large] = [JSON.stringify('x'.repeat(BLOB_BYTES - 2)), JSON.stringify('x'.repeat(BLOB_BYTES - 1))]
    expect(packer.pack(org, fits)).toBe(fits)
    expect(packer.blobs.size).toBe(0)
    expect(packer.pack(org, large)).toMatch(/^\{"\$blob":"[0-9a-f]{64}","bytes":65537\}$/)
    expect([...packer.blobs.values()].map((blob) => blob.body)).toEqual([large])
  })

  it('counts bytes, not characters', () => {
    const packer = new PayloadPacker()
    packer.pack(org, JSON.stringify('€'.repeat(BLOB_BYTES / 3)))
    expect(packer.blobs.size).toBe(1)
  })

  it('makes one blob for equal payloads of an org, and one more for another org', () => {
    const packer = new PayloadPacker()
    const large = JSON.stringify('y'.repeat(BLOB_BYTES))
    for (const owner of [org, org, '00000000-0000-7000-8000-000000000002']) packer.pack(owner, large)
    expect(packer.blobs.size).toBe(2)
  })

  it('wraps a payload that looks like a reference', () => {
    const packer = new PayloadPacker()
    expect(packer.pack(org, '{"$blob":"x"}')).toBe('{"$json":{"$blob":"x"}}')
    expect(packer.pack(org, '{"$json":1}')).toBe('{"$json":{"$json":1}}')
    expect(packer.pack(org, '{ "$blob":"x"}')).toBe('{ "$blob":"x"}')
    expect(packer.pack(org, null)).toBeNull()
  })
})

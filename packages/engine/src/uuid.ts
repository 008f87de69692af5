/** A UUID v7 (RFC 9562, section 5.7) from a time in ms and at least 10 bytes, of which all but 6 bits are used. Ids sort by their time. */
export function uuid7(atMs: number, bytes: Uint8Array): string {
  const id = Buffer.alloc(16)
  id.writeUIntBE(Math.max(0, Math.floor(atMs)), 0, 6)
  id.set(bytes.subarray(0, 10), 6)
  id[6] = 0x70 | ((id[6] ?? 0) & 0x0f)
  id[8] = 0x80 | ((id[8] ?? 0) & 0x3f)
  const hex = id.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** A new id. @param random numbers in [0, 1); the same source makes the same ids, as simulations need. */
export function newUuid(atMs: number, random: () => number): string {
  return uuid7(
    atMs,
    Uint8Array.from({ length: 10 }, () => Math.floor(random() * 256)),
  )
}

/** The same key and instant give the same fraction, from 0 up to but not 1, in every process. FNV-1a with a final mix. */
export function jitterFraction(key: string, nominalMs: number): number {
  const text = `${key}@${nominalMs}`
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000
}

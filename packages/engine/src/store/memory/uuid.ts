/** A UUID version 7 (RFC 9562, section 5.7) from a time in ms and a source of numbers in [0, 1). */
export function newUuid(atMs: number, random: () => number): string {
  const time = Math.floor(atMs).toString(16).padStart(12, '0')
  const bits = (count: number): string =>
    Math.floor(random() * 16 ** count)
      .toString(16)
      .padStart(count, '0')
  const variant = (8 + Math.floor(random() * 4)).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${bits(3)}-${variant}${bits(3)}-${bits(6)}${bits(6)}`
}

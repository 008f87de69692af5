/** A generator that always produces the same numbers for the same seed. It must never change, because journals depend on its output. */
export interface SeededRandom {
  /** In [0, 1), 32 bits of resolution. */
  next(): number
  /** A version 4 UUID made of the generator's bits. As unique as the seed, and not a secret. */
  uuid(): string
}

/** sfc32 (C. Doty-Humphrey, PractRand), seeded by a hash of the text and warmed up. */
export function createSeededRandom(seed: string): SeededRandom {
  let [a, b, c, counter] = hashSeed(seed)
  const bits = (): number => {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + t) | 0
    return t >>> 0
  }
  for (let i = 0; i < 12; i++) bits()
  const hex = (): string => bits().toString(16).padStart(8, '0')
  return {
    next: () => bits() / 4_294_967_296,
    uuid: () => {
      const [w, x, y, z] = [hex(), hex(), hex(), hex()]
      const variant = ((Number.parseInt(y.charAt(0), 16) & 3) | 8).toString(16)
      return `${w}-${x.slice(0, 4)}-4${x.slice(5)}-${variant}${y.slice(1, 4)}-${y.slice(4)}${z}`
    },
  }
}

/** Four lanes of FNV-1a with different offsets, each finished with the mixer of MurmurHash3. */
function hashSeed(seed: string): [number, number, number, number] {
  const lanes: [number, number, number, number] = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35]
  const lane = (offset: number): number => {
    let h = offset
    for (let i = 0; i < seed.length; i++) h = Math.imul(h ^ seed.charCodeAt(i), 0x01000193)
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    return (h ^ (h >>> 16)) | 0
  }
  return [lane(lanes[0]), lane(lanes[1]), lane(lanes[2]), lane(lanes[3])]
}

import { seeded } from '../../store/memory/random.ts'

/** Draws from one seed. The order of the draws is part of what a seed means. */
export interface Draw {
  readonly random: () => number
  /** A whole number, `min` and `max` included. */
  int(min: number, max: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** A source of its own, for a part that may draw any number of times. */
  split(): Draw
}

export function createDraw(seed: number): Draw {
  const random = seeded(seed)
  return {
    random,
    int: (min, max) => min + Math.floor(random() * (max - min + 1)),
    chance: (probability) => random() < probability,
    pick: <T>(list: readonly T[]): T => {
      const found = list[Math.floor(random() * list.length)]
      if (found === undefined) throw new Error('nothing to pick from')
      return found
    },
    split: () => createDraw(Math.floor(random() * 2 ** 32)),
  }
}

import { seeded } from '../../store/memory/random.ts'

/** Draws random values from one seed. A change of the order of draws changes the meaning of every seed. */
export interface Draw {
  readonly random: () => number
  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** A separate source for a part that draws an unknown number of times. */
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

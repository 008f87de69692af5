import type { Priority } from '@orrery/engine'

/** Ordinaut's priority, 1 to 9 with 1 the highest and 5 the default. Throws a RangeError for anything else. */
export function toPriority(rank: number): Priority {
  if (!Number.isInteger(rank) || rank < 1 || rank > 9) throw new RangeError(`a priority is a whole number from 1 to 9, got ${rank}`)
  if (rank <= 2) return 'urgent'
  if (rank <= 4) return 'high'
  return rank <= 6 ? 'normal' : 'low'
}

/** The rank of a priority. `toPriority` is the inverse. */
export function toRank(priority: Priority): number {
  switch (priority) {
    case 'urgent':
      return 1
    case 'high':
      return 3
    case 'normal':
      return 5
    case 'low':
      return 8
  }
}

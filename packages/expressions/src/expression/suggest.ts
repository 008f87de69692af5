const NAME_LENGTH_MAX = 64
/** Comparing is slow: at most this many candidates, and this many suggestions in one check. */
export const CANDIDATES_MAX = 2000
const SUGGESTIONS_MAX = 20

export type Suggest = (name: string, known: Iterable<string>) => string

/** A `suggest` that returns nothing after its first SUGGESTIONS_MAX calls. */
export function createSuggest(): Suggest {
  let left = SUGGESTIONS_MAX
  return (name, known) => (left-- > 0 ? suggest(name, known) : '')
}

/** `; did you mean params?` if one of the known names is similar to `name`, else an empty text. */
export function suggest(name: string, known: Iterable<string>): string {
  if (name.length > NAME_LENGTH_MAX) return ''
  let best: string | null = null
  let least = name.length < 3 ? 1 : name.length < 6 ? 2 : 3
  let compared = 0
  for (const candidate of known) {
    if (compared++ >= CANDIDATES_MAX) break
    if (candidate.length > NAME_LENGTH_MAX || Math.abs(candidate.length - name.length) >= least) continue
    const distance = countEdits(name.toLowerCase(), candidate.toLowerCase(), least)
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best === null ? '' : `; did you mean ${best}?`
}

/** Edit distance: letters that are wrong, missing, surplus, or swapped with their neighbour. Returns `most` as soon as it is reached. */
function countEdits(a: string, b: string, most: number): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(Math.min(change, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, isSwap ? (before[j - 2] ?? 0) + 1 : change))
    }
    if (Math.min(...row) >= most) return most
    before = above
    above = row
  }
  return above.at(-1) ?? 0
}

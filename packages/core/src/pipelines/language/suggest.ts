const COMPARED_MAX = 64

/** `; did you mean params?` for a name that is nearly one of those known, else nothing. */
export function suggest(name: string, known: Iterable<string>): string {
  if (name.length > COMPARED_MAX) return ''
  let best: string | null = null
  let least = Math.min(3, Math.ceil(name.length / 3) + 1)
  for (const candidate of known) {
    const distance = candidate.length > COMPARED_MAX ? least : countEdits(name.toLowerCase(), candidate.toLowerCase())
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best === null ? '' : `; did you mean ${best}?`
}

/** Levenshtein's distance, one row at a time. */
function countEdits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i += 1) {
    const above = row
    row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(change, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
  }
  return row.at(-1) ?? 0
}

/** Plain English (STYLE.md, "Words"): habits that make a sentence hard to read at once, and what to write instead. */
import type { Finding, Rule } from './rule.ts'
import type { Tree } from './tree.ts'

const banned: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\b(?:whoever|nobody|somebody)(?:'s)?\b/i, 'name the subject: a caller, another process, no worker'],
  [/\b(?:is|are|was|were|be) none\b/i, 'say what is missing: there is no …'],
  [/\b(?:it|that|which|this|what) is no\b/i, 'is not a …'],
  [/\bso (?:many|often)\b/i, 'up to n, every n'],
  [/\b(?:go|goes|going|went|gone) on\b/i, 'continues'],
  [/\bgives\b/i, 'returns, has, produces'],
  [/\btells\b/i, 'reports, shows'],
  [/\b(?:he|his|him|himself)\b/, 'it, its, the caller'],
  [/\banew\b/i, 'again'],
  [/\bmend(?:s|ed|ing)?\b/i, 'fix, repair'],
  [/\bfor ever\b/i, 'forever, or say how long'],
  [/\bstands\b(?! for\b)/i, 'is'],
]

/** Lines that are left, by area. The numbers only shrink. */
export const knownWords: Readonly<Record<string, number>> = {
  'CHANGELOG.md': 1,
  docs: 39,
  'packages/contract': 1,
  'packages/core': 14,
  'packages/embedded-postgres': 1,
  'packages/engine': 13,
  'packages/kernel': 2,
  'packages/tools': 22,
  tests: 1,
}

export const plainWords: Rule = {
  name: 'plain words',
  unit: 'files',
  check(tree) {
    const files = readable(tree)
    const byArea = Map.groupBy(listWords(tree), ({ path }) => areaOf(path))
    const findings = [...byArea].filter(([area, found]) => found.length > (knownWords[area] ?? 0)).flatMap(([, found]) => found)
    return { looked: files.length, findings }
  },
}

export function listWords(tree: Tree): Finding[] {
  return readable(tree).flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, at) =>
      banned.flatMap(([pattern, instead]) => {
        const word = pattern.exec(line)?.[0]
        return word === undefined ? [] : [{ path, line: at + 1, message: `"${word}": ${instead}` }]
      }),
    ),
  )
}

/** `packages/core`; for what is in no package, the first folder. */
export const areaOf = (path: string): string => /^(?:packages|apps)\/[^/]+/.exec(path)?.[0] ?? path.split('/')[0] ?? path

/** Text of ours. Licences, changelogs of the past and data of examples are left as they are. */
function readable(tree: Tree) {
  return tree.files.filter(
    ({ path }) =>
      /\.(?:ts|mjs|sql|md|sh)$/.test(path) &&
      !path.endsWith('.generated.ts') &&
      !/(?:^|\/)(?:LICENSE|fixtures\/data)|^STYLE\.md$|tidy\/words\.ts$/.test(path),
  )
}

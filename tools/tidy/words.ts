/** Plain English (STYLE.md, "Words"): habits that make a sentence hard to read at once, and what to write instead. */
import type { Rule } from './rule.ts'
import type { Tree } from './tree.ts'

const banned: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\b(?:whoever|nobody(?!')|somebody)\b/i, 'name the subject: a caller, another process, no worker'],
  [/\b(?:is|are|was|were|be) none\b/i, 'say what is missing: there is no …'],
  [/\b(?:it|that|which|this|what) is no\b/i, 'is not a …'],
  [/\bso (?:many|often)\b/i, 'up to n, every n'],
  [/\b(?:go|goes|going|went|gone) on\b/i, 'continues'],
  [/[a-z] gives (?=[a-z$])(?!up\b)/i, 'returns, has, produces'],
  [/\btells\b/i, 'reports, shows'],
  [/\b(?:he|his|him|himself)\b/, 'it, its, the caller'],
  [/\banew\b/i, 'again'],
  [/\bmend(?:s|ed|ing)?\b/i, 'fix, repair'],
  [/\bfor ever\b/i, 'forever, or say how long'],
  [/\bstands\b(?! for\b)/i, 'is'],
]

export const plainWords: Rule = {
  name: 'plain words',
  unit: 'files',
  check(tree) {
    const files = readable(tree)
    const findings = files.flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, at) =>
        banned.flatMap(([pattern, instead]) => {
          const word = pattern.exec(line)?.[0]
          return word === undefined ? [] : [{ path, line: at + 1, message: `"${word}": ${instead}` }]
        }),
      ),
    )
    return { looked: files.length, findings }
  },
}

/** Our own text. Migrations and decision records never change once they are released, so those before this rule keep their words. */
function readable(tree: Tree) {
  return tree.files.filter(
    ({ path }) =>
      /\.(?:ts|mjs|sql|md|sh)$/.test(path) &&
      !path.endsWith('.generated.ts') &&
      !/^STYLE\.md$|tidy\/words\.ts$|\/migrations\/00(?:0\d|1[01])-|^docs\/decisions\/00(?:[01]\d|20)-/.test(path),
  )
}

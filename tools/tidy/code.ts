/** Rules about syntax and texts that are not allowed. */
import ts from 'typescript'
import type { Finding, Rule } from './rule.ts'
import { lineOf, type Source, visit } from './tree.ts'

export const syntax: Rule = {
  name: 'no any, no bare !, no silent catch',
  unit: 'files',
  check(tree) {
    const findings: Finding[] = []
    for (const source of tree.sources) {
      visit(source, (node) => {
        const message = judgeNode(source, node)
        if (message) findings.push({ path: source.path, line: lineOf(source, node), message })
      })
    }
    return { looked: tree.sources.length, findings }
  },
}

function judgeNode(source: Source, node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return 'any: use the type, or unknown'
  if (ts.isNonNullExpression(node) && !hasComment(source, lineOf(source, node)))
    return '! without a comment that says why it cannot be null'
  if (ts.isCatchClause(node) && node.block.statements.length === 0 && !/\/[/*]/.test(node.block.getText(source.ast))) {
    return 'a catch that hides the error without a comment'
  }
  return undefined
}

/** True if there is a comment on this line, or on a line of its own above. */
function hasComment(source: Source, line: number): boolean {
  const lines = source.text.split('\n')
  return (lines[line - 1] ?? '').includes('//') || /^\s*(\/\/|\*)/.test(lines[line - 2] ?? '')
}

/** Written in two halves, so that this file is not a finding itself. */
const bannedTexts: readonly (readonly [RegExp, string])[] = [
  [
    new RegExp(`\\b(${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')}|${['X', 'XX'].join('')})\\b`),
    'unfinished work: do it, or open an issue',
  ],
  [new RegExp(`@ts-(${['ig', 'nore'].join('')}|${['no', 'check'].join('')})`), 'the compiler is silenced'],
  [/(^|[\s'"`(=])\/(home|Users|work|mnt)\/[a-z]/, 'a path of one machine'],
]

export const texts: Rule = {
  name: 'no unfinished work, no paths of one machine',
  unit: 'files',
  check(tree) {
    const files = tree.files.filter(({ path }) => /\.(ts|mjs|js|sql|md|json|sh|ya?ml)$/.test(path) && path !== 'package-lock.json')
    const findings = files.flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, at) => bannedTexts.flatMap(([pattern, message]) => (pattern.test(line) ? [{ path, line: at + 1, message }] : []))),
    )
    return { looked: files.length, findings }
  },
}

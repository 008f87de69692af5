/** Rules about the registry of operations (each has a test) and the catalogue of problems (each has a page). */
import ts from 'typescript'
import type { Rule } from './rule.ts'
import { lineOf, type Source, type Tree, visit } from './tree.ts'

interface Declared {
  /** Such as `runs.start`. */
  readonly name: string
  /** Such as `startRun`. */
  readonly symbol: string
  readonly source: Source
  readonly line: number
}

/** Files that name every operation, whether it has a test or not. */
const naming = /^(packages\/contract\/|tests\/security\/good-calls\.ts$)/

export const testedOperations: Rule = {
  name: 'every operation has a test that names it',
  unit: 'operations',
  check(tree) {
    const operations = findOperations(tree)
    const tests = tree.sources
      .filter(({ isTest, path }) => isTest && !naming.test(path))
      .map(({ text }) => text)
      .join('\n')
    const findings = operations
      .filter(({ name, symbol }) => !new RegExp(`\\b(${name.replaceAll('.', '\\.')}|${symbol})\\b`).test(tests))
      .map(({ name, source, line }) => ({ path: source.path, line, message: `no test names the operation ${name}` }))
    return { looked: operations.length, findings }
  },
}

function findOperations(tree: Tree): Declared[] {
  const files = tree.sources.filter(({ path, isTest }) => path.startsWith('packages/contract/src/operations/') && !isTest)
  return files.flatMap((source) => {
    const found: Declared[] = []
    visit(source, (node) => {
      if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name) || !node.initializer || !ts.isCallExpression(node.initializer))
        return
      const [argument] = node.initializer.arguments
      if (node.initializer.expression.getText(source.ast) !== 'defineOperation' || !argument) return
      const name = /\bname: '([^']+)'/.exec(argument.getText(source.ast))?.[1] ?? ''
      found.push({ name, symbol: node.name.text, source, line: lineOf(source, node) })
    })
    return found
  })
}

const catalogue = 'packages/contract/src/problem-catalogue.ts'
/** The files of the catalogue. The first includes the others. */
const catalogues = [catalogue, 'packages/contract/src/access-problems.ts']

export const documentedProblems: Rule = {
  name: 'every problem has a page, every page a problem',
  unit: 'problems',
  check(tree) {
    const codes = findProblems(tree)
    const pages = tree.files.map(({ path }) => /^docs\/problems\/(.+)\.md$/.exec(path)?.[1]).filter((code) => code !== undefined)
    const known = pages.filter((code) => code !== 'README')
    return {
      looked: codes.length,
      findings: [
        ...codes
          .filter((code) => !pages.includes(code))
          .map((code) => ({ path: catalogue, message: `docs/problems/${code}.md is missing` })),
        ...known.filter((code) => !codes.includes(code)).map((code) => ({ path: `docs/problems/${code}.md`, message: 'no such problem' })),
      ],
    }
  },
}

function findProblems(tree: Tree): string[] {
  return tree.sources.filter(({ path }) => catalogues.includes(path)).flatMap(findProblemsIn)
}

function findProblemsIn(source: Tree['sources'][number]): string[] {
  const codes: string[] = []
  visit(source, (node) => {
    if (!ts.isVariableDeclaration(node) || !node.name.getText(source.ast).endsWith('PROBLEMS') || !node.initializer) return
    let object = node.initializer
    while (ts.isAsExpression(object) || ts.isSatisfiesExpression(object)) object = object.expression
    if (!ts.isObjectLiteralExpression(object)) return
    for (const { name } of object.properties) if (name && (ts.isIdentifier(name) || ts.isStringLiteral(name))) codes.push(name.text)
  })
  return codes
}

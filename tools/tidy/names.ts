/** One word, one meaning: words with another meaning in this repository, or with none, are not used in names. */
import ts from 'typescript'
import { readExports } from './import-graph.ts'
import type { Finding, Rule } from './rule.ts'
import { lineOf, visit } from './tree.ts'

/** Words that may not be part of a declared name or a path. */
const bannedParts: Readonly<Record<string, string>> = {
  tenant: 'the isolation boundary is an org',
  job: 'what runs is a run, a part of it a step',
  dag: 'a workflow written as JSON is a pipeline',
  orchestrator: 'another installation is a peer',
  principal: 'the one who acts is an actor',
  misc: 'says nothing',
}

/** Words that may not be the whole name. */
const bannedAlone: Readonly<Record<string, string>> = {
  task: 'has four meanings in this field: say run, step, human task',
  tasks: 'has four meanings in this field: say runs, steps, human tasks',
  user: 'a person in an org is a member, the one who acts is an actor',
  users: 'people in an org are members',
}

/** Folders and packages with these names collect code without an owner. */
const bannedFolders = new Set(['shared', 'common', 'utils', 'util', 'helpers', 'helper', 'types', 'config', 'db', 'lib', 'misc'])

/** Files with names from elsewhere: compatible APIs, peers in benchmarks, ECMAScript (whose promises queue jobs). */
const foreign = /^(apps\/server\/src\/compat\/|bench\/|examples\/|packages\/engine\/src\/workflow\/bundled\/bundle-promise)/
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/

export const declaredNames: Rule = {
  name: 'vocabulary in names',
  unit: 'declared names',
  check(tree) {
    let looked = 0
    const findings: Finding[] = []
    for (const source of tree.sources) {
      if (foreign.test(source.path) || source.isGenerated) continue
      visit(source, (node) => {
        const name = declaredName(node)
        if (name === undefined) return
        looked += 1
        const reason = judge(name)
        if (reason) findings.push({ path: source.path, line: lineOf(source, node), message: `the name "${name}": ${reason}` })
      })
    }
    return { looked, findings }
  },
}

export const paths: Rule = {
  name: 'vocabulary and form of paths',
  unit: 'paths',
  check(tree) {
    const ours = tree.files.filter(({ path }) => /^(packages|apps|tests|tools|bench)\//.test(path) && !foreign.test(path))
    const entries = new Set(readExports(tree).values())
    const findings = ours.flatMap(({ path }) => judgePath(path, entries).map((message) => ({ path, message })))
    return { looked: ours.length, findings }
  },
}

function judgePath(path: string, entries: ReadonlySet<string>): string[] {
  const parts = path.split('/')
  const file = parts.at(-1) ?? ''
  const findings = parts
    .slice(0, -1)
    .flatMap((folder) => (bannedFolders.has(folder) ? [`the folder name "${folder}" does not name an owner`] : []))
  for (const part of parts) {
    const reason = judge(part.replace(/\..*$/, ''))
    if (reason) findings.push(`"${part}": ${reason}`)
  }
  if (/\.(ts|mjs|sql)$/.test(file) && !kebab.test(file)) findings.push('file names are kebab-case')
  if (file === 'index.ts' && !entries.has(path)) findings.push('a barrel: only an entry point that package.json exports is an index.ts')
  return findings
}

function judge(name: string): string | undefined {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[-_]/)
  return bannedAlone[words.join('-')] ?? words.map((word) => bannedParts[word] ?? bannedParts[word.replace(/s$/, '')]).find(Boolean)
}

function declaredName(node: ts.Node): string | undefined {
  const isDeclaration =
    ts.isVariableDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isMethodSignature(node)
  if (!isDeclaration || !node.name || !ts.isIdentifier(node.name)) return undefined
  return node.name.text
}

/** Rules about documents: links have a target, and every production dependency has a line with its reason. */
import { posix } from 'node:path'
import type { Finding, Rule } from './rule.ts'
import type { Tree, TreeFile } from './tree.ts'

export const links: Rule = {
  name: 'links in documents',
  unit: 'links',
  check(tree) {
    const found = tree.files.filter(({ path }) => path.endsWith('.md')).flatMap(findLinks)
    const findings = found.flatMap(({ path, line, target }) => {
      const message = judgeLink(tree, path, target)
      return message === undefined ? [] : [{ path, line, message }]
    })
    return { looked: found.length, findings }
  },
}

function findLinks({ path, text }: TreeFile): { path: string; line: number; target: string }[] {
  const prose = text
    .replaceAll(/```[\s\S]*?```/g, (block) => block.replaceAll(/[^\n]/g, ' '))
    .replaceAll(/`[^`\n]*`/g, (code) => ' '.repeat(code.length))
  return prose
    .split('\n')
    .flatMap((content, at) =>
      [...content.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(({ 1: target = '' }) => ({ path, line: at + 1, target })),
    )
}

function judgeLink(tree: Tree, from: string, target: string): string | undefined {
  if (/^[a-z]+:/.test(target)) return undefined
  const [file = '', anchor] = target.split('#')
  const path = file === '' ? from : posix.join(posix.dirname(from), file).replace(/\/$/, '')
  const found = tree.find(path)
  if (!found) return tree.files.some((other) => other.path.startsWith(`${path}/`)) ? undefined : `the target does not exist: ${target}`
  return anchor === undefined || !path.endsWith('.md') || anchorsOf(found.text).includes(anchor) ? undefined : `no such heading: ${target}`
}

/** The anchors that GitHub makes from headings. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(({ 1: heading = '' }) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )

const dependencyPage = 'docs/dependencies.md'

export const explainedDependencies: Rule = {
  name: 'every production dependency has a reason',
  unit: 'dependencies',
  check(tree) {
    const used = findDependencies(tree)
    const rows = [...(tree.find(dependencyPage)?.text ?? '').matchAll(/^\| `([^`]+)` \|/gm)].map(({ 1: name = '' }) => name)
    const covers = (row: string, name: string) => row === name || (row.endsWith('/*') && name.startsWith(row.slice(0, -1)))
    const missing = used
      .filter(({ name }) => !rows.some((row) => covers(row, name)))
      .map(({ name, path }) => ({ path, message: `${name} has no line in ${dependencyPage}` }))
    const stale = rows
      .filter((row) => !used.some(({ name }) => covers(row, name)))
      .map((row): Finding => ({ path: dependencyPage, message: `${row} is not, or no longer, a production dependency` }))
    const loose = used
      .filter(({ version }) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(({ name, path, version }) => ({ path, message: `${name} is "${version}": versions are exact` }))
    return { looked: used.length, findings: [...missing, ...stale, ...loose] }
  },
}

function findDependencies(tree: Tree): { name: string; version: string; path: string }[] {
  const manifests = tree.files.filter(({ path }) => /^(packages|apps)\/[^/]+\/package\.json$/.test(path))
  return manifests.flatMap(({ path, text }) => {
    const manifest = JSON.parse(text) as { dependencies?: Record<string, string>; optionalDependencies?: Record<string, string> }
    const all = Object.entries({ ...manifest.dependencies, ...manifest.optionalDependencies })
    return all.filter(([name]) => !name.startsWith('@orrery/')).map(([name, version]) => ({ name, version, path }))
  })
}

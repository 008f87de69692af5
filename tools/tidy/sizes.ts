/** Rules about the sizes of files, functions, lines and packages. */
import ts from 'typescript'
import type { Finding, Rule } from './rule.ts'
import { lineOf, type Source, type Tree, visit } from './tree.ts'

const fileLinesMax = 500
const testLinesMax = 800
const functionLinesMax = 70
const columnsMax = 160
/** Tests and benchmarks contain sample code and tables in strings, which no formatter can break. */
const sampleColumnsMax = 280
const isSample = (path: string): boolean => /^(bench|tests)\/|\.(test|suite|fuzz|chaos|e2e)\.ts$/.test(path)
const fileBytesMax = 500 * 1024
const medianMax = 110
const p90Max = 250

/** Data of examples, and the lockfile of npm. */
const mayBeLarge = /^(examples\/[^/]+\/data\/|package-lock\.json$)/

const countLines = (text: string): number => text.trimEnd().split('\n').length

export const fileSizes: Rule = {
  name: 'file sizes',
  unit: 'files',
  check(tree) {
    const long = tree.sources.flatMap((source) => {
      const max = source.isTest ? testLinesMax : fileLinesMax
      const lines = countLines(source.text)
      return lines > max && !source.isGenerated ? [{ path: source.path, message: `${lines} lines; the limit is ${max}` }] : []
    })
    const large = tree.files
      .filter(({ path, bytes }) => bytes > fileBytesMax && !mayBeLarge.test(path))
      .map(({ path, bytes }) => ({ path, message: `${Math.round(bytes / 1024)} KB; the limit is ${fileBytesMax / 1024} KB` }))
    return { looked: tree.files.length, findings: [...long, ...large] }
  },
}

/** Limits the median and the 90th percentile too, because all files could be just below the limit. */
export const typicalSize: Rule = {
  name: 'typical file size',
  unit: 'source files',
  check(tree) {
    const { count, median, p90 } = measureSizes(tree)
    const findings: Finding[] = []
    if (median > medianMax) findings.push({ path: '.', message: `the median file has ${median} lines; the limit is ${medianMax}` })
    if (p90 > p90Max) findings.push({ path: '.', message: `one file in ten has more than ${p90} lines; the limit is ${p90Max}` })
    return { looked: count, findings }
  },
}

export function measureSizes(tree: Tree): { count: number; median: number; p90: number } {
  const sizes = tree.sources.filter((source) => !source.isTest && !source.isGenerated).map(({ text }) => countLines(text))
  sizes.sort((a, b) => a - b)
  const at = (share: number) => sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * share))] ?? 0
  return { count: sizes.length, median: at(0.5), p90: at(0.9) }
}

const shareMax = 0.3
/** The rule does not apply to a project with fewer lines. */
const linesMin = 10_000

/** A package that is much larger than the others should be split. */
export const packageShares: Rule = {
  name: 'share of each package',
  unit: 'packages',
  check(tree) {
    const sources = tree.sources.filter(
      ({ path, isTest, isGenerated }) => /^(packages|apps)\/[^/]+\/src\//.test(path) && !isTest && !isGenerated,
    )
    const byPackage = Map.groupBy(sources, ({ path }) => path.split('/').slice(0, 2).join('/'))
    const sizes = [...byPackage].map(([path, own]) => ({ path, lines: own.reduce((sum, { text }) => sum + countLines(text), 0) }))
    const total = sizes.reduce((sum, { lines }) => sum + lines, 0)
    const findings = sizes
      .filter(({ lines }) => total > linesMin && lines > total * shareMax)
      .map(({ path, lines }) => ({
        path,
        message: `${Math.round((100 * lines) / total)} % of the source; the limit is ${shareMax * 100} %`,
      }))
    return { looked: sizes.length, findings }
  },
}

export const functionSizes: Rule = {
  name: 'function sizes',
  unit: 'functions',
  check(tree) {
    let looked = 0
    const findings: Finding[] = []
    for (const source of tree.sources) {
      if (source.isTest || source.isGenerated) continue
      visit(source, (node) => {
        if (!ts.isFunctionLike(node) || !('body' in node) || !node.body) return
        looked += 1
        const lines = linesOf(source, node)
        if (lines <= functionLinesMax) return
        findings.push({
          path: source.path,
          line: lineOf(source, node),
          message: `a function of ${lines} lines; the limit is ${functionLinesMax}`,
        })
      })
    }
    return { looked, findings }
  },
}

function linesOf(source: Source, node: ts.Node): number {
  return source.ast.getLineAndCharacterOfPosition(node.getEnd()).line + 2 - lineOf(source, node)
}

export const lineLengths: Rule = {
  name: 'line lengths',
  unit: 'lines',
  check(tree) {
    const lines = tree.files
      .filter(({ path }) => /\.(ts|mjs|sql)$/.test(path) && !path.endsWith('.generated.ts'))
      .flatMap(({ path, text }) => text.split('\n').map((line, at) => ({ path, line: at + 1, columns: line.length })))
    const findings = lines
      .filter(({ path, columns }) => columns > (isSample(path) ? sampleColumnsMax : columnsMax))
      .map(({ path, line, columns }) => ({ path, line, message: `${columns} columns` }))
    return { looked: lines.length, findings }
  },
}

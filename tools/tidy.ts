/**
 * `npm run tidy`: checks the rules of STYLE.md that a machine can check. Prints how much each rule looked at; a rule that saw
 * nothing fails.
 */
import { findFloatingPromises, readProgram } from './tidy/promises.ts'
import type { Outcome } from './tidy/rule.ts'
import { rules } from './tidy/rules.ts'
import { measureSizes } from './tidy/sizes.ts'
import { readTree } from './tidy/tree.ts'
import { root } from './workspaces.ts'

const tree = readTree(root)
const { count, median, p90 } = measureSizes(tree)
console.log(
  `tidy: ${tree.files.length} files, ${tree.sources.length} TypeScript; of ${count} sources the median has ${median} lines, p90 ${p90}`,
)

let failures = 0
function report(name: string, unit: string, { looked, findings }: Outcome): void {
  failures += findings.length + (looked === 0 ? 1 : 0)
  console.log(`${findings.length === 0 && looked > 0 ? 'ok    ' : 'FAILED'} ${name}: ${looked} ${unit}`)
  for (const { path, line, message } of findings) console.log(`       ${path}${line === undefined ? '' : `:${line}`} ${message}`)
}

for (const rule of rules) report(rule.name, rule.unit, rule.check(tree))
report('no floating promises', 'statements', findFloatingPromises(readProgram(root), root))
process.exitCode = failures === 0 ? 0 : 1

/** `npm run tidy`: the rules of STYLE.md that a machine can check. Prints what it looked at, so that seeing nothing shows. */
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
for (const rule of rules) {
  const { looked, findings } = rule.check(tree)
  failures += findings.length + (looked === 0 ? 1 : 0)
  console.log(`${findings.length === 0 && looked > 0 ? 'ok    ' : 'FAILED'} ${rule.name}: ${looked} ${rule.unit}`)
  for (const { path, line, message } of findings) console.log(`       ${path}${line === undefined ? '' : `:${line}`} ${message}`)
}
process.exitCode = failures === 0 ? 0 : 1

/** `npm run check`: everything that looks at the code without running it. Each line is one check; all of them run. */
import { pathToFileURL } from 'node:url'
import { install, node, run } from './install.mjs'

const checks = [
  {
    name: 'generated files are fresh',
    command: node,
    args: ['--conditions=orrery-source', 'tools/generate.ts', '--check'],
  },
  { name: 'format and lint (biome)', command: 'biome', args: ['check', '--error-on-warnings', '.'] },
  { name: 'types (tsc)', command: node, args: ['node_modules/ts7/bin/tsc', '-p', 'tsconfig.json'] },
  { name: 'structure (tidy)', command: node, args: ['tools/tidy.ts'], isSuite: true },
  { name: 'dead code (knip)', command: 'knip', args: [] },
]

/**
 * Runs the checks, prints a line each, and returns how many passed and failed.
 * One is a suite of vitest too (tools/tidy.test.ts): a caller that runs the suites leaves it to them.
 */
export function check({ withSuites }) {
  const counts = { passed: 0, failed: 0 }
  for (const { name, command, args, isSuite } of checks) {
    if (isSuite && !withSuites) continue
    const begun = performance.now()
    const isFine = run(command, args) === 0
    counts[isFine ? 'passed' : 'failed'] += 1
    console.log(`${isFine ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - begun) / 1000).toFixed(1)} s)`)
  }
  return counts
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  install()
  const { passed, failed } = check({ withSuites: true })
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

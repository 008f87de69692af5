/** `npm run check`: all static checks. Prints one line for each check, and runs all of them even if one fails. */
import { pathToFileURL } from 'node:url'
import { install, node, run } from './install.mjs'

const checks = [
  {
    name: 'generated files are up to date',
    command: node,
    args: ['--conditions=orrery-source', 'tools/generate.ts', '--check'],
  },
  { name: 'format and lint (biome)', command: 'biome', args: ['check', '--error-on-warnings', '.'] },
  { name: 'types (tsc)', command: node, args: ['node_modules/ts7/bin/tsc', '-p', 'tsconfig.json'] },
  { name: 'structure (tidy)', command: node, args: ['tools/tidy.ts'], isSuite: true },
  { name: 'dead code (knip)', command: 'knip', args: [] },
]

/**
 * Runs the checks, prints a line for each, and returns how many passed and failed.
 * The tidy rules are also a vitest suite (tools/tidy.test.ts). A caller that runs the suites passes `withSuites: false` to skip them here.
 */
export function check({ withSuites }) {
  const counts = { passed: 0, failed: 0 }
  for (const { name, command, args, isSuite } of checks) {
    if (isSuite && !withSuites) continue
    const begun = performance.now()
    const hasPassed = run(command, args) === 0
    counts[hasPassed ? 'passed' : 'failed'] += 1
    console.log(`${hasPassed ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - begun) / 1000).toFixed(1)} s)`)
  }
  return counts
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await install()
  const { passed, failed } = check({ withSuites: true })
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

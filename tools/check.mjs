/** `npm run check`: everything that looks at the code without running it. Each line is one check; all of them run. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { install, node, root, run } from './install.mjs'

const checks = [
  {
    name: 'generated files are fresh',
    command: node,
    args: ['--conditions=orrery-source', 'tools/generate.ts', '--check'],
    needs: 'tools/generate.ts',
  },
  { name: 'format and lint (biome)', command: 'biome', args: ['check', '--error-on-warnings', '.'] },
  { name: 'types (tsc)', command: node, args: ['node_modules/ts7/bin/tsc', '-p', 'tsconfig.json'] },
  { name: 'structure (tidy)', command: node, args: ['tools/tidy.ts'] },
  { name: 'dead code (knip)', command: 'knip', args: [] },
]

/** Runs all checks, prints a line each, and returns how many passed and failed. */
export function check() {
  const counts = { passed: 0, failed: 0 }
  for (const { name, command, args, needs } of checks) {
    if (needs && !existsSync(join(root, needs))) continue
    const begun = performance.now()
    const isFine = run(command, args) === 0
    counts[isFine ? 'passed' : 'failed'] += 1
    console.log(`${isFine ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - begun) / 1000).toFixed(1)} s)`)
  }
  return counts
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  install()
  const { passed, failed } = check()
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

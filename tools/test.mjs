/**
 * `npm test`: installs what is missing, checks the code, runs every suite at the size of CI, and ends with the line
 * `N passed, N failed`. Arguments are passed to vitest (`npm test -- --project pure`).
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check } from './check.mjs'
import { install, node, run } from './install.mjs'

await install()
const checks = check({ withSuites: false })
const tests = runTests(process.argv.slice(2))
const failed = checks.failed + tests.failed
console.log(`${checks.passed + tests.passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'orrery-report-'))
  const report = join(folder, 'report.json')
  try {
    const status = run(node, [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ])
    return count(JSON.parse(readFileSync(report, 'utf8')), status)
  } catch (error) {
    console.error(`vitest wrote no report: ${error}`)
    return { passed: 0, failed: 1 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Counts failed tests, and also files that failed to load and errors outside any test, which have no failed test. */
function count(report, status) {
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  const failed = report.numFailedTests + broken.length
  if (report.numPendingTests > 0) console.log(`${report.numPendingTests} skipped`)
  return { passed: report.numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed }
}

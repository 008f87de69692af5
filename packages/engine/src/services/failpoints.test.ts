import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { FAILPOINTS } from './failpoints.ts'

const module = new URL('./failpoints.ts', import.meta.url).href

function runWith(setting: string | undefined, hits: readonly string[]) {
  const script = `const { failpoint } = await import(${JSON.stringify(module)}); for (const name of ${JSON.stringify(hits)}) failpoint(name); console.log('alive')`
  const env = { ...process.env, ORRERY_FAILPOINT: setting }
  const { signal, status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' })
  return { signal, status, stdout: stdout.trim() }
}

it('does nothing when no failpoint is armed', () => {
  expect(runWith(undefined, FAILPOINTS)).toEqual({ signal: null, status: 0, stdout: 'alive' })
})

it('kills the process when it passes the named failpoint for the given time', () => {
  expect(runWith('flush.after:2', ['flush.before', 'flush.after', 'step.before'])).toMatchObject({ signal: null, stdout: 'alive' })
  expect(runWith('flush.after:2', ['flush.after', 'flush.after'])).toMatchObject({ signal: 'SIGKILL', stdout: '' })
})

it('throws on an unknown failpoint', () => {
  expect(runWith('flush.afterwards:1', [])).toMatchObject({ status: 1 })
})

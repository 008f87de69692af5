import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { runEsbuild } from './run-esbuild.ts'

const options = (contents: string) => ({ stdin: { contents }, write: false, logLevel: 'silent' }) as const

/** The programs that this process started and that still run. Only Linux shows them here. */
function children(): readonly string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const [, command = '', , parent] = /^\d+ \((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
        return Number(parent) === process.pid ? [command] : []
      } catch {
        // The process has ended in the meantime.
        return []
      }
    })
}

test('ends the process of esbuild with the last of the builds at work', async () => {
  const [good, bad, other] = await Promise.allSettled([
    runEsbuild(options('a()')),
    runEsbuild(options('const')),
    runEsbuild(options('b()')),
  ])
  expect([good.status, bad.status, other.status]).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  await eventually(
    async () => children(),
    (running) => !running.some((command) => command.includes('esbuild')),
  )
  expect((await runEsbuild(options('c()'))).outputFiles[0]?.text).toContain('c()')
})

// Runs harness.mjs for one cell, in a process of its own, so that no peer affects the next.
import { fork } from 'node:child_process'
import { join } from 'node:path'

/** Both `result` and `error` are null if the peer does not support this kind of work. */
export function measureCell(job) {
  return new Promise((resolve) => {
    const execArgv = ['--conditions=orrery-source', '--disable-warning=ExperimentalWarning']
    const child = fork(join(import.meta.dirname, 'harness.mjs'), [JSON.stringify(job)], {
      execArgv,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let stderr = ''
    let answer = null
    child.stderr.on('data', (chunk) => {
      stderr = (stderr + chunk).slice(-4000)
    })
    child.on('message', (message) => {
      answer = message
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), job.deadlineMs + 5000)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({
        about: answer?.about,
        result: answer?.result ?? null,
        error: answer ? null : stderr.trim() || `exited with ${code ?? signal}`,
      })
    })
  })
}

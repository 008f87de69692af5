// Describes the machine, and waits until it is idle enough to measure.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

function idleTicks() {
  const times = os.cpus().map((cpu) => cpu.times)
  const sum = (pick) => times.reduce((total, time) => total + pick(time), 0)
  return { idle: sum((t) => t.idle), all: sum((t) => t.user + t.nice + t.sys + t.idle + t.irq) }
}

/** Waits for a second in which the machine is at least 75 % idle, for at most `seconds`. Returns the last idle share, in percent. */
export async function waitForQuiet(seconds) {
  let idle = null
  for (let i = 0; i < seconds; i++) {
    const before = idleTicks()
    await sleep(1000)
    const after = idleTicks()
    idle = Math.round((100 * (after.idle - before.idle)) / (after.all - before.all))
    if (idle >= 75) break
  }
  return idle
}

function git(root, ...args) {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return null // An unpacked archive has no history.
  }
}

export function describeMachine(root) {
  const dirty = git(root, 'status', '--porcelain', '--', 'packages', 'apps', 'bench') ? '-dirty' : ''
  const release = readFileSync('/etc/os-release', 'utf8')
  return {
    date: new Date().toISOString(),
    commit: `${git(root, 'rev-parse', '--short=10', 'HEAD') ?? 'unknown'}${dirty}`,
    machine: {
      cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
      cores: os.cpus().length,
      memoryGiB: Math.round(os.totalmem() / 2 ** 30),
      system: `${/PRETTY_NAME="(.*)"/.exec(release)?.[1] ?? os.type()}, kernel ${os.release()}`,
    },
  }
}

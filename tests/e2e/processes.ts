import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'

export interface ProcessInfo {
  readonly pid: number
  readonly command: string
}

/** Every process whose working folder is in `folder` or whose command line contains it. Linux only. */
export function processesOf(folder: string): readonly ProcessInfo[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        const place = readlinkSync(`/proc/${name}/cwd`)
        return command !== '' && (place.startsWith(folder) || command.includes(folder)) ? [{ pid: Number(name), command }] : []
      } catch (error) {
        // The process has exited in the meantime, or this account may not read it.
        if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(String(error.code))) return []
        throw error
      }
    })
}

/** `kill -9`. Does nothing if the process has exited already. */
export function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

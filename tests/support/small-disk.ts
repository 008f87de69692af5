/** A disk that a test can fill. It is in memory, and only root may mount one. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  readonly folder: string
  /** No byte is left: each write to a new place of the disk fails with ENOSPC. */
  fill(): void
  /** The space is there again. */
  free(): void
  /** Its files are gone. Nothing may use them any more. */
  unmount(): void
}

/** Why no disk can be mounted here; null: one can. */
export function whyNoSmallDisk(): string | null {
  try {
    mountSmallDisk(1_000_000).unmount()
    return null
  } catch (error) {
    return `no disk of limited size can be mounted here, which needs root on Linux (${(error as Error).message.trim().replaceAll('\n', ' ')})`
  }
}

/** In a folder of its own below the temporary folder. */
export function mountSmallDisk(bytesMax: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'orrery-disk-'))
  const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'pipe' })
  const resize = (bytes: number) => mount('-o', `remount,size=${bytes}`, folder)
  try {
    mount('-t', 'tmpfs', '-o', `size=${bytesMax},mode=755`, 'tmpfs', folder)
  } catch (error) {
    rmdirSync(folder)
    throw error
  }
  let isMounted = true
  const unmount = () => {
    if (!isMounted) return
    isMounted = false
    process.off('exit', unmount)
    // Lazily, because a process that is ending may still hold a file.
    execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' })
    rmdirSync(folder)
  }
  process.once('exit', unmount)
  return {
    folder,
    fill() {
      // The disk cannot become smaller than its files, and they may grow before it does.
      for (let attempt = 1; ; attempt++) {
        const { bsize, blocks, bfree } = statfsSync(folder)
        try {
          return void resize((blocks - bfree) * bsize)
        } catch (error) {
          if (attempt === 20) throw error
        }
      }
    },
    free: () => void resize(bytesMax),
    unmount,
  }
}

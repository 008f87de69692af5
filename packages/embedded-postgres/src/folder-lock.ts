/**
 * One supervisor per data folder. The lock is SQLite's lock on an empty file: the kernel releases it when the process ends, however it
 * ends, and it works between containers with separate process ids. A file that contains a process id has neither property.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const SQLITE_BUSY = 5

export interface FolderLock {
  release(): void
}

/** Another live process serves this data folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse'
}

export function lockFolder(folder: string): FolderLock {
  const holder = join(folder, 'lock-holder')
  const lock = new DatabaseSync(join(folder, 'lock'))
  try {
    lock.exec('pragma journal_mode = memory; pragma locking_mode = exclusive; begin exclusive')
  } catch (cause) {
    lock.close()
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw cause
    throw new FolderInUse(
      `Another Orrery is running on the data folder ${folder} (${readHolder(holder)}). Stop it first, or choose another folder.`,
      { cause },
    )
  }
  writeFileSync(holder, `process ${process.pid}, since ${new Date().toISOString()}`)
  return {
    release: () => {
      if (lock.isOpen) lock.close()
    },
  }
}

function readHolder(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    // The holder takes the lock just before it writes this file; a read in between affects only the message.
    return `holder unknown: ${(cause as Error).message}`
  }
}

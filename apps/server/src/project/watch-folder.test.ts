/** Watches real folders. Linux shows the number of watches of a process in /proc. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../../../tests/support/until.ts'
import { type FolderWatch, watchFolder } from './watch-folder.ts'

let folder: string
let changes: number
let watching: FolderWatch | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orrery-watch-'))
  changes = 0
  write('package.json', '{}')
  write('workflows/hello.ts', 'a')
})
afterEach(() => {
  watching?.stop()
  rmSync(folder, { recursive: true, force: true })
})

function write(path: string, text = ''): void {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const start = () => {
  watching = watchFolder(folder, async () => void (changes += 1))
}
const changed = (count: number) => until(`${count} changes were noticed, not ${changes}`, () => changes === count, 5_000)

/** Makes a change that counts, and waits for it: whatever came before has been noticed then, or never will be. */
async function settle(): Promise<number> {
  const before = changes
  write('workflows/hello.ts', String(Math.random()))
  await until('the marker was noticed', () => changes > before, 5_000)
  return changes
}

function countWatches(): number {
  const infos = readdirSync('/proc/self/fdinfo').flatMap((fd) => {
    try {
      return [readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')]
    } catch (error) {
      // The descriptor with which the folder was read is closed by now.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  })
  return infos.join('\n').match(/^inotify /gm)?.length ?? 0
}

test('watches the folders of the project, whatever is installed or built in it', () => {
  for (let at = 0; at < 300; at += 1) write(`node_modules/pack-${at}/lib/deep/index.js`)
  for (const ignored of ['dist/a/b.js', 'out/report.json', '.git/objects/ab/cd', '.orrery/base/1/2']) write(ignored)
  write('workflows/parts/steps.ts')
  const before = countWatches()
  start()
  // The project, its node_modules, workflows and workflows/parts.
  expect(countWatches() - before).toBe(4)
})

test('notices new, changed, renamed and deleted files and folders, once for each burst', async () => {
  start()
  write('workflows/hello.ts', 'b')
  write('workflows/other.ts', 'b')
  await changed(1)
  write('workflows/new/deep/one.ts')
  await changed(2)
  write('workflows/new/deep/one.ts', 'c')
  await changed(3)
  renameSync(join(folder, 'workflows/new'), join(folder, 'workflows/moved'))
  await changed(4)
  write('workflows/moved/deep/one.ts', 'd')
  await changed(5)
  rmSync(join(folder, 'workflows/moved'), { recursive: true })
  await changed(6)
  rmSync(join(folder, 'workflows/hello.ts'))
  await changed(7)
})

test('notices the first workflow of a project that had no folder for it', async () => {
  rmSync(join(folder, 'workflows'), { recursive: true })
  start()
  write('workflows/hello.ts')
  await changed(1)
})

test('takes neither build output nor data nor logs for changes', async () => {
  write('dist/old.js')
  start()
  for (const path of ['dist/old.js', 'out/report.json', '.git/index', 'workflows/.hello.ts.swp', 'workflows/notes.md', 'run.log'])
    write(path, 'x')
  expect(await settle()).toBe(1)
})

test('survives an installation, and builds again when it is complete', async () => {
  write('node_modules/.package-lock.json', '1')
  write('node_modules/zod/index.js')
  start()
  write('package.json', '{ "dependencies": { "zod": "4" } }')
  write('package-lock.json', '{}')
  write('node_modules/.zod-x1/index.js')
  rmSync(join(folder, 'node_modules'), { recursive: true })
  write('node_modules/zod/index.js', '2')
  expect(await settle()).toBe(1)
  write('node_modules/.package-lock.json', '2')
  await changed(2)
})

test('notices that package.json names other workflows', async () => {
  start()
  write('package.json', '{ "orrery": { "workflows": "src/*.ts" } }')
  await changed(1)
})

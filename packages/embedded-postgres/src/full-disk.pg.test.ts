import { join } from 'node:path'
import pg from 'pg'
import { expect, it } from 'vitest'
import { eventually } from '../../../tests/support/eventually.ts'
import { mountSmallDisk, whyNoSmallDisk } from '../../../tests/support/small-disk.ts'
import { startPostgres } from './start-postgres.ts'

const noDisk = whyNoSmallDisk()
if (noDisk !== null) console.warn(`NOT TRIED: a server whose disk is full: ${noDisk}`)

it.runIf(noDisk === null)('starts again once there is space, however often it could not while its disk was full', async () => {
  const disk = mountSmallDisk(1_000_000_000)
  const reasons: string[] = []
  const lines: string[] = []
  const server = await startPostgres({ dataDir: join(disk.folder, 'data'), log: (line) => lines.push(line) })
  server.onExit(({ message }) => reasons.push(message))
  const ask = async (text: string): Promise<string> => {
    const client = new pg.Client({ connectionString: server.adminUrl })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.query(text)
      return 'done'
    } catch (error) {
      return (error as Error).message
    } finally {
      client.end().catch(() => undefined)
    }
  }
  try {
    expect(await ask('create table note as select 1 as id')).toBe('done')
    disk.fill()
    // The server's log needs a new file. Without one the server ends, and cannot start.
    await ask('select pg_switch_wal()')
    expect(await ask('create table another as select 1 as id')).not.toBe('done')
    const begun = performance.now()
    // Longer than six starts take, which is when a server that keeps dying is given up.
    await eventually(
      async () => performance.now() - begun,
      (passedMs) => passedMs > 12_000,
    )
    expect(reasons).toEqual([])
    disk.free()
    expect(
      await eventually(
        () => ask('select id from note'),
        (answer) => answer === 'done',
      ),
    ).toBe('done')
    expect(lines.filter((line) => line.startsWith('The disk is full'))).toHaveLength(1)
  } finally {
    await server.stop()
    disk.unmount()
  }
})

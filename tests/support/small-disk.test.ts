import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { mountSmallDisk, whyNoSmallDisk } from './small-disk.ts'

it('refuses writes while it is full, or says why no disk can be mounted', () => {
  const reason = whyNoSmallDisk()
  if (reason !== null) return expect(reason).toContain('needs root')
  const disk = mountSmallDisk(50_000_000)
  try {
    const write = (name: string) => writeFileSync(join(disk.folder, name), 'x'.repeat(100_000))
    write('before')
    disk.fill()
    expect(() => write('full')).toThrow('ENOSPC')
    disk.free()
    write('after')
  } finally {
    disk.unmount()
  }
  expect(existsSync(disk.folder)).toBe(false)
})

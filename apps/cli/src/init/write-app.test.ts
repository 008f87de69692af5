import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { APP_VERSIONS } from './write-app.ts'

test('writes a new app with the dependency versions that this repository is tested with', () => {
  const read = (file: string) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as Record<string, Record<string, string>>
  const { zod, ...tools } = APP_VERSIONS
  expect(read('../../../../package.json').devDependencies).toMatchObject(tools)
  expect(read('../../package.json').dependencies?.zod).toBe(zod)
})

/** Checks the files of the daily-briefing example. daily-briefing.e2e.ts runs it. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const example = (name: string) => read(`examples/daily-briefing/${name}`)

test.each([
  ['daily-briefing.json', 'ac63cf94e9a965841c98a40a2348020d581cfe0280b582ce92c1f24afc1259e2'],
  ['adaptive-follow-up.step.json', '05c87eadd344236018062bb46ba850ef2e5359d2e96430e72e817c6f24d6ca58'],
])('%s is unchanged, byte for byte', (name, digest) => {
  expect(createHash('sha256').update(example(name)).digest('hex')).toBe(digest)
})

test('client-email.yaml contains the step of adaptive-follow-up.step.json unchanged', () => {
  const [, automation] = parseAllDocuments(example('client-email.yaml')).map(
    (document) => document.toJS() as { pipeline: { id: string }[] },
  )
  const step = JSON.parse(example('adaptive-follow-up.step.json')) as { id: string }
  expect(automation?.pipeline.find(({ id }) => id === step.id)).toEqual(step)
})

test('tools.yaml defines every tool that the briefing uses, with the port that the example listens on', () => {
  const tools = parseAllDocuments(example('tools.yaml')).map((document) => document.toJS() as { tool: string })
  const { pipeline } = JSON.parse(example('daily-briefing.json')) as { pipeline: { uses: string }[] }
  expect(tools.map(({ tool }) => tool)).toEqual(expect.arrayContaining(pipeline.map(({ uses }) => uses)))
  const port = /httpPort = (\d+)/.exec(example('parts/ports.ts'))?.[1]
  const ports = [...example('tools.yaml').matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, found]) => found)
  expect(ports).toEqual([port, port])
})

test('the example depends on the same versions of packages as this repository', () => {
  const versions = (path: string) => {
    const { dependencies, devDependencies } = JSON.parse(read(path)) as Record<string, Record<string, string>>
    return { ...dependencies, ...devDependencies }
  }
  expect(versions('packages/tools/package.json')).toMatchObject(versions('examples/daily-briefing/package.json'))
})

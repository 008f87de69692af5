import { describe } from 'vitest'
import { describeAuthority } from './suites/authority.suite.ts'
import { describeChildren } from './suites/children.suite.ts'
import { describeControl } from './suites/control.suite.ts'
import { describeProgress } from './suites/progress.suite.ts'
import { describeTrouble } from './suites/trouble.suite.ts'
import { type EngineBench, useEngine } from './suites/use-engine.fixture.ts'

/** The behaviour of the engine and its runs, on a given store. */
export function describeEngine(name: string, makeBench: () => Promise<EngineBench>): void {
  describe(`the engine on ${name}`, () => {
    const t = useEngine(makeBench)
    describeProgress(t)
    describeChildren(t)
    describeControl(t)
    describeTrouble(t)
    describeAuthority(t)
  })
}

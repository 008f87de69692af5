/** For the tests of workflow authors; `@orrery/sdk/testing` re-exports it. Tools that test the engine itself are not exported. */
export type { TestEvent, TestResult, TestSetup } from './test-run.ts'
export { type StepReplacement, takes } from './test-step.ts'
export { testWorkflow } from './test-workflow.ts'

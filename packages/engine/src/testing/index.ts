/** For the tests of those who write workflows; `@orrery/sdk/testing` is this. What tests the engine itself is not exported. */
export type { TestEvent, TestResult, TestSetup } from './test-run.ts'
export { type StepReplacement, takes } from './test-step.ts'
export { testWorkflow } from './test-workflow.ts'

import type { Json } from '../workflow/protocol.ts'
import type { WorkflowDefinition } from '../workflow/workflow-definition.ts'
import { createTestRun, type TestResult, type TestSetup } from './test-run.ts'

/**
 * Runs one workflow in this process, without a server, in virtual time: `sleep('90d')` returns at once and counts in `elapsedMs`. Steps in
 * `steps` are replaced by a function or a value; the others run their real body. For the tests of workflow authors.
 *
 *     const result = await testWorkflow(order, { input: { item: 'tea' }, steps: { charge: { id: 'ch_1' } } })
 *     expect(result.status).toBe('succeeded')
 */
export async function testWorkflow<In, Out>(workflow: WorkflowDefinition<In, Out>, setup: TestSetup<In>): Promise<TestResult<Out>> {
  const result: TestResult<Json> = await createTestRun(workflow, setup)
  return result as TestResult<Out>
}

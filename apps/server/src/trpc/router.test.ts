import type { OutputOf } from '@orrery/contract'
import { createTRPCClient, httpLink, type TRPCClientError } from '@trpc/client'
import { expectTypeOf, test } from 'vitest'
import type { AppRouter } from './router.ts'

// Nothing is sent: the types are the test, checked by tsc.
const client = createTRPCClient<AppRouter>({ links: [httpLink({ url: 'http://127.0.0.1:1/trpc' })] })

test('a client knows every operation with its input and output', () => {
  expectTypeOf(client.runs.start.mutate).parameter(0).toHaveProperty('workflow')
  expectTypeOf<Awaited<ReturnType<typeof client.runs.start.mutate>>>().toEqualTypeOf<OutputOf<'runs.start'>>()
  expectTypeOf<Awaited<ReturnType<typeof client.runs.list.query>>['items'][number]['status']>().toEqualTypeOf<
    OutputOf<'runs.get'>['status']
  >()
  expectTypeOf<Awaited<ReturnType<typeof client.runs.get.query>>>().toExtend<OutputOf<'runs.get'>>()
  expectTypeOf(client.system.info.query).toBeFunction()
})

test('reads are queries and writes are mutations', () => {
  expectTypeOf(client.runs.list).not.toHaveProperty('mutate')
  expectTypeOf(client.runs.start).not.toHaveProperty('query')
  expectTypeOf(client.runs).not.toHaveProperty('explode')
})

test('an error carries its problem', () => {
  expectTypeOf<NonNullable<TRPCClientError<AppRouter>['data']>['problem']['code']>().toExtend<string>()
  // @ts-expect-error a run is started by the name of its workflow
  void (() => client.runs.start.mutate({ input: 1 }))
})

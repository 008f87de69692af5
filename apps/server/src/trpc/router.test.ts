import type { OutputOf } from '@orrery/contract'
import { createTRPCClient, httpLink, type TRPCClientError } from '@trpc/client'
import { expectTypeOf, test } from 'vitest'
import type { AppRouter } from './router.ts'

// No request is sent: tsc checks the types, and those are the test.
const client = createTRPCClient<AppRouter>({ links: [httpLink({ url: 'http://127.0.0.1:1/trpc' })] })

test('types every operation with its input and output', () => {
  expectTypeOf(client.runs.start.mutate).parameter(0).toHaveProperty('workflow')
  expectTypeOf<Awaited<ReturnType<typeof client.runs.start.mutate>>>().toEqualTypeOf<OutputOf<'runs.start'>>()
  expectTypeOf<Awaited<ReturnType<typeof client.runs.list.query>>['items'][number]['status']>().toEqualTypeOf<
    OutputOf<'runs.get'>['status']
  >()
  expectTypeOf<Awaited<ReturnType<typeof client.runs.get.query>>>().toExtend<OutputOf<'runs.get'>>()
  expectTypeOf(client.system.info.query).toBeFunction()
})

test('types reads as queries and writes as mutations', () => {
  expectTypeOf(client.runs.list).not.toHaveProperty('mutate')
  expectTypeOf(client.runs.start).not.toHaveProperty('query')
  expectTypeOf(client.runs).not.toHaveProperty('explode')
})

test('types the problem of an error', () => {
  expectTypeOf<NonNullable<TRPCClientError<AppRouter>['data']>['problem']['code']>().toExtend<string>()
  // @ts-expect-error a run is started by the name of its workflow
  void (() => client.runs.start.mutate({ input: 1 }))
})

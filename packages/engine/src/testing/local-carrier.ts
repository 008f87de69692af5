import { AsyncLocalStorage } from 'node:async_hooks'
import type { Scope } from '../workflow/run-state.ts'
import type { ScopeCarrier } from '../workflow/scope.ts'

const storage = new AsyncLocalStorage<Scope>()

/** Carries scopes over native promises, for workflows that run in this process without a bundle. */
export const localCarrier: ScopeCarrier = {
  current: () => storage.getStore() ?? null,
  enter: (scope, fn) => storage.run(scope, fn),
  rejections: () => new Set(),
}

import type { CancelScope, MachineRun } from '../machine-run.ts'
import { currentScope, forgetRejection, noteRejection, setCurrentScope } from './async-context.ts'

/**
 * The `Promise` of workflow bundles (ECMA-262 section 27.2, without subclassing). The bundler lowers async functions to generators over
 * this global, so a bundle never creates a native promise. This has three advantages: our own code drains microtasks, run by run, inside
 * one call from the host; the scope of a run follows every `await`; and unhandled rejections are known exactly, at a fixed point, and do
 * not reach the host's process.
 */
type Settle<T> = (value: T) => unknown
interface PromiseReaction {
  readonly scope: CancelScope | null
  readonly onFulfilled: unknown
  readonly onRejected: unknown
  readonly next: BundlePromise<unknown>
}

const PENDING = 0
const FULFILLED = 1
const REJECTED = 2

let queue: (() => void)[] = []
/** Runs continuations until the queue is empty. The host's guard stops an endless loop and then discards this context. */
export function drainJobs(): void {
  while (queue.length > 0) {
    const jobs = queue
    queue = []
    for (const job of jobs) job()
  }
}

export function queueJob(job: () => void): void {
  const scope = currentScope()
  queue.push(() => {
    const before = setCurrentScope(scope)
    try {
      job()
    } finally {
      setCurrentScope(before)
    }
  })
}

export class BundlePromise<T> {
  #state: 0 | 1 | 2 = PENDING
  #value: unknown = undefined
  #reactions: PromiseReaction[] | null = []
  #handled = false
  #owner: MachineRun | null = null

  constructor(executor: (resolve: Settle<T>, reject: Settle<unknown>) => void) {
    if (typeof executor !== 'function') throw new TypeError('Promise resolver is not a function')
    const { resolve, reject } = this.#settlers()
    try {
      executor(resolve, reject)
    } catch (error) {
      reject(error)
    }
  }

  /** Only the first call of either function counts (27.2.1.3). */
  #settlers(): { resolve: Settle<unknown>; reject: Settle<unknown> } {
    let done = false
    return {
      resolve: (value) => {
        if (done) return
        done = true
        this.#resolve(value)
      },
      reject: (reason) => {
        if (done) return
        done = true
        this.#settle(REJECTED, reason)
      },
    }
  }

  #resolve(value: unknown): void {
    if (value === this) return this.#settle(REJECTED, new TypeError('Chaining cycle detected for promise #<Promise>'))
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return this.#settle(FULFILLED, value)
    let then: unknown
    try {
      then = (value as { then?: unknown }).then
    } catch (error) {
      return this.#settle(REJECTED, error)
    }
    if (typeof then !== 'function') return this.#settle(FULFILLED, value)
    const follow = then
    const { resolve, reject } = this.#settlers()
    queueJob(() => {
      try {
        follow.call(value, resolve, reject)
      } catch (error) {
        reject(error)
      }
    })
  }

  #settle(state: 1 | 2, value: unknown): void {
    const reactions = this.#reactions ?? []
    this.#state = state
    this.#value = value
    this.#reactions = null
    if (state === REJECTED && !this.#handled) {
      this.#owner = currentScope()?.run ?? null
      noteRejection(this, value)
    }
    for (const reaction of reactions) this.#queue(reaction)
  }

  #queue({ scope, onFulfilled, onRejected, next }: PromiseReaction): void {
    queue.push(() => {
      const before = setCurrentScope(scope)
      const handler = this.#state === FULFILLED ? onFulfilled : onRejected
      try {
        if (typeof handler === 'function') next.#resolve(handler(this.#value))
        else if (this.#state !== PENDING) next.#settle(this.#state, this.#value)
      } catch (error) {
        next.#settle(REJECTED, error)
      } finally {
        setCurrentScope(before)
      }
    })
  }

  // biome-ignore lint/suspicious/noThenProperty: this is the promise
  then(onFulfilled?: unknown, onRejected?: unknown): BundlePromise<unknown> {
    const next = new BundlePromise<unknown>(idle)
    const reaction: PromiseReaction = { scope: currentScope(), onFulfilled, onRejected, next }
    if (this.#state === REJECTED && !this.#handled) forgetRejection(this, this.#owner)
    this.#handled = true
    if (this.#reactions === null) this.#queue(reaction)
    else this.#reactions.push(reaction)
    return next
  }

  catch(onRejected?: unknown): BundlePromise<unknown> {
    return this.then(undefined, onRejected)
  }

  finally(onFinally?: unknown): BundlePromise<unknown> {
    if (typeof onFinally !== 'function') return this.then(onFinally, onFinally)
    return this.then(
      (value: unknown) => BundlePromise.resolve(onFinally()).then(() => value),
      (reason: unknown) =>
        BundlePromise.resolve(onFinally()).then(() => {
          throw reason
        }),
    )
  }

  get [Symbol.toStringTag](): string {
    return 'Promise'
  }

  static resolve(value?: unknown): BundlePromise<unknown> {
    if (value instanceof BundlePromise) return value
    return new BundlePromise((resolve) => resolve(value))
  }

  static reject(reason?: unknown): BundlePromise<never> {
    return new BundlePromise((_, reject) => reject(reason))
  }

  static withResolvers() {
    let resolve: Settle<unknown> = idle
    let reject: Settle<unknown> = idle
    const promise = new BundlePromise((yes, no) => {
      resolve = yes
      reject = no
    })
    return { promise, resolve, reject }
  }

  static try(fn: (...args: unknown[]) => unknown, ...args: unknown[]): BundlePromise<unknown> {
    return new BundlePromise((resolve) => resolve(fn(...args)))
  }

  static all(items: Iterable<unknown>): BundlePromise<unknown> {
    return gather(items, (promise, store, reject) => promise.then(store, reject))
  }

  static allSettled(items: Iterable<unknown>): BundlePromise<unknown> {
    return gather(items, (promise, store) =>
      promise.then(
        (value: unknown) => store({ status: 'fulfilled', value }),
        (reason: unknown) => store({ status: 'rejected', reason }),
      ),
    )
  }

  static any(items: Iterable<unknown>): BundlePromise<unknown> {
    return new BundlePromise((resolve, reject) => {
      void gather(items, (promise, store) => promise.then(resolve, store)).then((errors: unknown) =>
        reject(new AggregateError(errors as unknown[], 'All promises were rejected')),
      )
    })
  }

  static race(items: Iterable<unknown>): BundlePromise<unknown> {
    return new BundlePromise((resolve, reject) => {
      for (const item of items) BundlePromise.resolve(item).then(resolve, reject)
    })
  }
}

function idle(): void {}

function gather(
  items: Iterable<unknown>,
  watch: (promise: BundlePromise<unknown>, store: Settle<unknown>, reject: Settle<unknown>) => void,
): BundlePromise<unknown> {
  return new BundlePromise((resolve, reject) => {
    const results: unknown[] = []
    let left = 1
    let index = 0
    for (const item of items) {
      const at = index++
      results[at] = undefined
      left++
      const store = (value: unknown): void => {
        results[at] = value
        if (--left === 0) resolve(results)
      }
      watch(BundlePromise.resolve(item), store, reject)
    }
    if (--left === 0) resolve(results)
  })
}

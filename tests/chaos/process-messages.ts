/** Messages between the driver and its processes. */
import type { WorkflowName } from './fixtures/model.ts'

export interface ProcessSettings {
  /** Unique in a test. The process's connections and its registration carry it. */
  readonly name: string
  /** A worker takes runs; a starter only starts them. */
  readonly role: 'worker' | 'starter'
  readonly url: string
  /** The world outside the engine has a network of its own. */
  readonly outsideUrl: string
  /** A shared compile cache, because hundreds of processes compile the same files. */
  readonly cacheDir: string
  readonly org: string
  readonly queue: string
  readonly slots: number
  readonly leaseMs: number
  readonly beatMs: number
  /** The negative control. */
  readonly withoutFence: boolean
}

export interface StartOrder {
  readonly type: 'start'
  readonly n: number
  readonly workflow: WorkflowName
}

export type ToProcess = StartOrder | { readonly type: 'stop' }

export type FromProcess =
  | { readonly type: 'ready' }
  /** The engine acknowledged the start: from now on the run must not be lost. */
  | { readonly type: 'started'; readonly n: number; readonly workflow: WorkflowName; readonly run: string }
  | { readonly type: 'not started'; readonly n: number; readonly workflow: WorkflowName; readonly why: string }
  /** The store rejected a write or a claim because the registration is fenced. */
  | { readonly type: 'refused'; readonly what: string }
  | { readonly type: 'lost'; readonly cause: 'fenced' | 'ambiguous' }
  | { readonly type: 'trouble'; readonly text: string }

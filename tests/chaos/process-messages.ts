/** What the driver and its processes tell each other. */
import type { WorkflowName } from './fixtures/model.ts'

export interface ProcessSettings {
  /** Unique in a test: its connections carry it, and so does its registration. */
  readonly name: string
  /** A worker takes runs; a starter only starts them. */
  readonly role: 'worker' | 'starter'
  readonly url: string
  /** Hundreds of processes compile the same files: here the first leave what they compiled to the others. */
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
  /** The engine acknowledged the start: from here on the run may not be lost. */
  | { readonly type: 'started'; readonly n: number; readonly workflow: WorkflowName; readonly run: string }
  | { readonly type: 'not started'; readonly n: number; readonly workflow: WorkflowName; readonly why: string }
  /** The store refused a write (or a claim) because the registration is fenced. */
  | { readonly type: 'refused'; readonly what: string }
  | { readonly type: 'lost'; readonly cause: 'fenced' | 'ambiguous' }
  | { readonly type: 'trouble'; readonly text: string }

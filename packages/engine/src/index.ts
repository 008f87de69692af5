/** The engine: durable runs on PostgreSQL. See ARCHITECTURE.md, "A run, end to end". */
export type * from './api.ts'
export { createSandbox, type Sandbox } from './sandbox/create-sandbox.ts'
export { uuid7 } from './services/child-id.ts'
export type { EngineOptions } from './services/create-engine.ts'
export { createEngine } from './services/create-engine.ts'
export type { EngineFact, Observer } from './services/observe.ts'
export * from './store/store.ts'
export type { Failure, Json, Manifest, Priority, WorkflowManifest, WorkflowOptions } from './workflow/protocol.ts'

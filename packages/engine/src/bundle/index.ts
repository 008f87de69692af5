/** Builds and loads workflow projects. */
export { type BundleRequest, buildBundle } from './build-bundle.ts'
export { BuildError } from './build-error.ts'
export { buildSteps } from './build-steps.ts'
export { findEntries, type LoadedProject, loadProject } from './load-project.ts'

/** `@orrery/sdk/build`: from a project's files to the bundle that is deployed. */
export { BuildError, type BundleRequest, buildBundle, findEntries, type LoadedProject, loadProject } from '@orrery/engine/bundle'

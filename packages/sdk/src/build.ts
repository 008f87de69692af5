/** `@orrery/sdk/build`: builds the bundle to deploy from the files of a project. */
export { BuildError, type BundleRequest, buildBundle, findEntries, type LoadedProject, loadProject } from '@orrery/engine/bundle'

/** The first import of every bundle. Modules evaluated after it see the workflow's globals. */
import { installAmbient } from './ambient.ts'
import { BundlePromise, queueJob } from './bundle-promise.ts'

for (const [name, value] of [
  ['Promise', BundlePromise],
  ['queueMicrotask', queueJob],
] as const) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
}
installAmbient()

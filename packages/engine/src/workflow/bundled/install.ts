/** First import of every bundle: what later modules find when they are evaluated is already the workflow's world. */
import { installAmbient } from './ambient.ts'
import { BundlePromise, queueJob } from './bundle-promise.ts'

for (const [name, value] of [
  ['Promise', BundlePromise],
  ['queueMicrotask', queueJob],
] as const) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
}
installAmbient()

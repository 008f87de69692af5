/** Preloaded into a program (`clockShift`), it makes the time of the machine wrong by CLOCK_SHIFT_MS. Monotonic time stays right. */
const shiftMs = Number(process.env.CLOCK_SHIFT_MS ?? 0)
const Real = Date
const realNow = Real.now
const now = (): number => realNow() + shiftMs

Real.now = now
globalThis.Date = new Proxy(Real, {
  apply: () => new Real(now()).toString(),
  construct: (_, args, target) => Reflect.construct(Real, args.length === 0 ? [now()] : args, target),
})
Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + shiftMs })

/** For `--import`: the wall clock of this process is wrong by `ORRERY_CHAOS_CLOCK_MS`. Its monotonic clock and its timers are right. */
const shiftMs = Number(process.env.ORRERY_CHAOS_CLOCK_MS)
const now = () => RealDate.now() + shiftMs
const RealDate = Date

globalThis.Date = new Proxy(RealDate, {
  construct: (target, values, self) => Reflect.construct(target, values.length === 0 ? [now()] : values, self) as object,
  apply: () => new RealDate(now()).toString(),
  get: (target, name, self) => (name === 'now' ? now : (Reflect.get(target, name, self) as unknown)),
})

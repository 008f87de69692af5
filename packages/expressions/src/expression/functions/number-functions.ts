import { spend } from '../meter.ts'
import { type FunctionSpec, NUMBER } from './function-spec.ts'

const of = (compute: (value: number) => number): FunctionSpec => ({
  params: [NUMBER],
  returns: NUMBER,
  apply: ([value]) => compute(value as number),
})

export const NUMBER_FUNCTIONS: Readonly<Record<string, FunctionSpec>> = {
  abs: of(Math.abs),
  ceil: of(Math.ceil),
  floor: of(Math.floor),
  round: {
    params: [NUMBER, NUMBER],
    optional: 1,
    returns: NUMBER,
    apply: ([value, digits = 0]) => {
      const scale = 10 ** Math.min(12, Math.max(0, Math.trunc(digits as number)))
      return Math.round((value as number) * scale) / scale
    },
  },
  sum: { params: ['numbers'], returns: NUMBER, apply: ([list], { meter }) => total(list as number[], (units) => spend(meter, units)) },
  avg: {
    params: ['numbers'],
    returns: ['number', 'null'],
    apply: ([list], { meter }) => {
      const numbers = list as number[]
      return numbers.length === 0 ? null : total(numbers, (units) => spend(meter, units)) / numbers.length
    },
  },
}

function total(numbers: readonly number[], pay: (units: number) => void): number {
  pay(numbers.length)
  return numbers.reduce((sum, value) => sum + value, 0)
}

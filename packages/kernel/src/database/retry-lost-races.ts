import { isLostRace } from './classify-failure.ts'

const ATTEMPTS_MAX = 5

/** Runs a transaction, and runs it again from the start after a serialization failure or deadlock. */
export async function retryLostRaces<T>(transact: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact()
    } catch (error) {
      if (!isLostRace(error) || attempt === ATTEMPTS_MAX) throw error
    }
  }
}

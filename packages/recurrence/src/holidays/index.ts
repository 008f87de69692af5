/** Public holidays of some 200 countries, by `date-holidays`. Apart from the rest of the package: loading it takes 100 ms and 40 MB. */
export { findHolidays } from './find-holidays.ts'

/** Public holidays of some 200 countries, from `date-holidays`. A separate entry point: loading it takes 100 ms and 40 MB. */
export { findHolidays } from './find-holidays.ts'

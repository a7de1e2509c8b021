import { CodedError } from '../base/errors.ts'

/** The page is not what its format asks for. */
export class ExpositionError extends CodedError {
  constructor(message: string) {
    super('bad_data', message)
    this.name = 'ExpositionError'
  }
}

/** With where it is: `line 3, column 14: …` (columns count bytes, from 1). */
export function expositionErrorAt(line: number, column: number, what: string): ExpositionError {
  return new ExpositionError(`line ${line}, column ${column}: ${what}`)
}

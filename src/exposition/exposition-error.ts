import { CodedError } from '../base/errors.ts'

/** The page is not text format. The message begins with where: `line 3, column 14: …` (columns count bytes, from 1). */
export class ExpositionError extends CodedError {
  readonly line: number
  readonly column: number
  constructor(line: number, column: number, what: string) {
    super('bad_data', `line ${line}, column ${column}: ${what}`)
    this.name = 'ExpositionError'
    this.line = line
    this.column = column
  }
}

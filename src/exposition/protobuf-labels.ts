import { ExpositionError } from './exposition-error.ts'
import type { NumberList } from './number-list.ts'
import { pageText } from './page-text.ts'
import { shownBytes } from './protobuf-family.ts'

/** Adds names and values of the labels that stand at these places of the page, four positions each. Throws ExpositionError where one is none. */
export function collectLabels(page: Buffer, at: NumberList, pairs: string[]): void {
  for (let i = 0; i < at.length; i += 4) {
    const name = textAt(page, at.at(i), at.at(i + 1), 'name')
    if (name === '') throw new ExpositionError('invalid label name: ')
    pairs.push(name, textAt(page, at.at(i + 2), at.at(i + 3), 'value'))
  }
}

function textAt(page: Buffer, start: number, end: number, what: string): string {
  const text = pageText(page, start, end)
  if (text === undefined) throw new ExpositionError(`invalid label ${what}: ${shownBytes(page.subarray(start, end))}`)
  return text
}

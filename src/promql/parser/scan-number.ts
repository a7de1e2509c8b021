import { type Cursor, isAlphaNumeric } from './cursor.ts'

const DECIMAL = '0123456789'
const HEXADECIMAL = '0123456789abcdefABCDEF'

/** Takes what can belong to a number; false where it is none, with the position behind what was looked at. */
export function scanNumber(cursor: Cursor): boolean {
  let digits = DECIMAL
  if (cursor.accept('0') && cursor.accept('xX')) {
    cursor.accept('_')
    digits = HEXADECIMAL
  }
  cursor.accept('.')
  cursor.accept(digits)
  let dotSeen = false
  let exponentSeen = false
  for (;;) {
    const char = cursor.peek()
    if (char === undefined) break
    if (char === '.') {
      cursor.position++
      if (dotSeen || cursor.accept('_.') || digits === HEXADECIMAL) return false
      dotSeen = true
    } else if (char === 'e' || char === 'E') {
      cursor.position++
      if (exponentSeen) return false
      exponentSeen = true
      cursor.accept('+-')
      if (cursor.accept('._eE') || cursor.peek() === undefined) return false
    } else if (char === '_') {
      cursor.position++
      if (cursor.accept('._eE') || cursor.peek() === undefined) return false
    } else if (digits.includes(char)) {
      while (cursor.accept(digits));
    } else break
  }
  return cursor.position !== cursor.start && !cursor.is(isAlphaNumeric)
}

/** Behind the first digits of a duration. Order and names of the units are checked when it is parsed. */
export function scanDurationRest(cursor: Cursor): boolean {
  if (!cursor.accept('smhdwy')) return false
  cursor.accept('s')
  while (cursor.accept(DECIMAL)) {
    while (cursor.accept(DECIMAL));
    if (!cursor.accept('smhdw')) return false
    cursor.accept('s')
  }
  if (!cursor.is(isAlphaNumeric)) return true
  cursor.position++
  return false
}

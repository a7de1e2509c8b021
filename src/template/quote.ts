import { unquote } from '../model/go-text.ts'

const ESCAPE = String.raw`\\(?:[abfnrtv\\"']|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3})`
const INTERPRETED = new RegExp(String.raw`^"(?:[^"\\\n]|(?!\\')${ESCAPE})*"$`, 'u')
const CHARACTER = new RegExp(String.raw`^'(?:[^'\\\n]|(?!\\")${ESCAPE})'$`, 'u')

/** The value of a string or character literal of Go, or null where it is none. Source: Go strconv.Unquote. */
export function unquoteGo(text: string): string | null {
  if (text.startsWith('`')) return text.slice(1, -1).replaceAll('\r', '')
  if (!INTERPRETED.test(text) && !CHARACTER.test(text)) return null
  return unquote(text)
}

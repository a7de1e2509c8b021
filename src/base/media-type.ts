// The types of contents in HTTP headers. Source: Go mime/mediatype.go, ParseMediaType, with its words for what is wrong.

export interface MediaType {
  /** `type/subtype`, in lower case; a name alone is one as well. */
  readonly type: string
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const LEADING_TOKEN = new RegExp(`^${TOKEN}`)
const PARAMETER = new RegExp(`\\s*;\\s*(${TOKEN})\\s*=\\s*(?:(${TOKEN})|"((?:[^"\\\\\\r\\n]|\\\\.)*)")`, 'y')

/** Throws an Error with what is wrong. */
export function parseMediaType(text: string): MediaType {
  const cut = text.indexOf(';')
  const type = (cut < 0 ? text : text.slice(0, cut)).trim().toLowerCase()
  const problem = problemOf(type)
  if (problem !== undefined) throw new Error(`mime: ${problem}`)
  const parameters = new Map<string, string>()
  let end = cut < 0 ? text.length : cut
  for (;;) {
    PARAMETER.lastIndex = end
    const parameter = PARAMETER.exec(text)
    if (parameter === null) break
    const [, name, token, quoted] = parameter
    const value = token ?? quoted.replace(/\\(.)/g, '$1')
    const key = name.toLowerCase()
    if (parameters.has(key) && parameters.get(key) !== value) throw new Error('mime: duplicate parameter name')
    parameters.set(key, value)
    end = PARAMETER.lastIndex
  }
  if (!/^\s*;?\s*$/.test(text.slice(end))) throw new Error('mime: invalid media parameter')
  return { type, parameters }
}

function problemOf(type: string): string | undefined {
  const first = LEADING_TOKEN.exec(type)?.[0]
  if (first === undefined) return 'no media type'
  if (first === type) return undefined
  if (type[first.length] !== '/') return 'expected slash after first token'
  const rest = type.slice(first.length + 1)
  const second = LEADING_TOKEN.exec(rest)?.[0]
  if (second === undefined) return 'expected token after slash'
  return second === rest ? undefined : 'unexpected content after media subtype'
}

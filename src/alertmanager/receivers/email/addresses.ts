// Lists of mail addresses as headers have them. Source: Go net/mail, ParseAddressList, whose errors are matched; RFC 5322, section 3.4.

/** The addresses, without names. Throws an Error that says what is wrong. */
export function parseAddresses(text: string): readonly string[] {
  return splitList(text).map(parseAddress)
}

/** The parts between commas that stand neither in quotes, nor in brackets, nor in comments. */
function splitList(text: string): readonly string[] {
  const parts: string[] = []
  let part = ''
  let comments = 0
  let isQuoted = false
  let isAngle = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (char === '\\' && (isQuoted || comments > 0)) {
      if (comments === 0) part += char + (text[i + 1] ?? '')
      i++
      continue
    }
    if (comments > 0 || (char === '(' && !isQuoted)) {
      if (char === '(') comments++
      else if (char === ')') comments--
      continue
    }
    if (char === '"') isQuoted = !isQuoted
    else if (!isQuoted && char === '<') isAngle = true
    else if (!isQuoted && char === '>') isAngle = false
    if (char === ',' && !isQuoted && !isAngle) {
      parts.push(part)
      part = ''
    } else part += char
  }
  if (isQuoted) throw new Error('mail: unclosed quoted-string')
  if (comments > 0) throw new Error('mail: misformatted parenthetical comment')
  const found = [...parts, part].map((item) => item.trim())
  // Commas may stand alone.
  const addresses = found.filter((item) => item !== '')
  if (addresses.length === 0) throw new Error('mail: no address')
  return addresses
}

function parseAddress(text: string): string {
  const angle = /^((?:[^<>"]|"(?:[^"\\]|\\.)*")*)<([^<>]*)>$/s.exec(text)
  if (angle === null && text.includes('<')) throw new Error('mail: unclosed angle-addr')
  // A name is words; what else there is in it stands in quotes.
  const name = angle?.[1]?.replace(/"(?:[^"\\]|\\.)*"/gs, '') ?? ''
  if (/[@:;,[\]\0-\x08\x0a-\x1f]/.test(name)) throw new Error("mail: missing '@' or angle-addr")
  const spec = (angle === null ? text : angle[2]!).trim()
  const [, local = '', domain = ''] =
    /^("(?:[^"\\]|\\.)*"|[^\s"(),:;<>@[\\\]]+)\s*@\s*(\[[^\]\s]*\]|[^\s"(),:;<>@[\\\]]+)$/s.exec(spec) ?? []
  if (local === '') throw new Error(angle === null ? "mail: missing '@' or angle-addr" : 'mail: no angle-addr')
  if (!local.startsWith('"') && /^\.|\.\.|\.$/.test(local)) throw new Error('mail: double, leading or trailing dot in atom')
  const plain = local.startsWith('"') ? local.slice(1, -1).replace(/\\(.)/gs, '$1') : local
  // A name that needs its quotes keeps them.
  const shown = /^[^\s"(),:;<>@[\\\]]+$/.test(plain) ? plain : `"${plain.replace(/["\\]/g, '\\$&')}"`
  if (/[\r\n\0]/.test(shown)) throw new Error('mail: bad character in quoted-string')
  return `${shown}@${domain}`
}

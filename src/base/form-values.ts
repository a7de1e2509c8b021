// Parameters of a request as Go reads them.
// Source: Go net/url, ParseQuery; net/http, Request.ParseForm.

/** Names with their values, in the order in which they were given. */
export class FormValues {
  readonly #values = new Map<string, string[]>()

  /** Adds what `application/x-www-form-urlencoded` text says. A pair with a bad escape or a semicolon is left out, as in Go. */
  add(text: string): this {
    if (text === '') return this
    for (const pair of text.split('&')) {
      if (pair === '' || pair.includes(';')) continue
      const cut = pair.indexOf('=')
      const name = unescaped(cut < 0 ? pair : pair.slice(0, cut))
      const value = unescaped(cut < 0 ? '' : pair.slice(cut + 1))
      if (name === undefined || value === undefined) continue
      const known = this.#values.get(name)
      if (known === undefined) this.#values.set(name, [value])
      else known.push(value)
    }
    return this
  }

  /** The first value; empty where there is none. */
  get(name: string): string {
    return this.#values.get(name)?.[0] ?? ''
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }
}

/** Undefined for a `%` that two hexadecimal digits do not follow. Bytes that are not UTF-8 become U+FFFD. */
function unescaped(text: string): string | undefined {
  const plain = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!plain.includes('%')) return plain
  if (/%(?![0-9a-fA-F]{2})/.test(plain)) return undefined
  try {
    return decodeURIComponent(plain)
  } catch {
    // Escapes are whole, so what remains is bytes that are not UTF-8.
    return percentDecoded(Buffer.from(plain)).toString('utf8')
  }
}

/** The bytes behind `%xx` escapes that are known to be whole. */
function percentDecoded(bytes: Buffer): Buffer {
  const out = Buffer.alloc(bytes.length)
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0x25) out[length++] = bytes[i]
    else {
      out[length++] = Number.parseInt(bytes.toString('latin1', i + 1, i + 3), 16)
      i += 2
    }
  }
  return out.subarray(0, length)
}

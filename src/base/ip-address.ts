/** The sixteen bytes of an IP address, one of version 4 as `::ffff:a.b.c.d`; undefined: the text is none. */
export function parseIp(text: string): Uint8Array | undefined {
  const v4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text)
  if (!v4 && !text.includes(':')) return undefined
  const url = URL.parse(`http://[${v4 ? `::ffff:${text}` : text}]`)
  if (url === null) return undefined
  const [head, tail] = url.hostname.slice(1, -1).split('::')
  const words = (part: string | undefined) => (part ? part.split(':').map((word) => Number.parseInt(word, 16)) : [])
  const [before, after] = [words(head), words(tail)]
  const all = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Uint8Array.from(all.flatMap((word) => [word >> 8, word & 255]))
}

/** Whether a host is an address rather than a name; one of version 6 may have a zone. */
export function isAddress(host: string): boolean {
  return host.includes(':') || parseIp(host) !== undefined
}

/** Whether the first `bits` bits of two addresses are the same. */
export function sharePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let i = 0; i < 16 && bits > i * 8; i++) {
    const mask = (0xff00 >> Math.min(8, bits - i * 8)) & 255
    if (((a[i] ^ b[i]) & mask) !== 0) return false
  }
  return true
}

import { parseIp } from '../base/ip-address.ts'

const V4_MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]

/** An IP address as members send it: one of version 4 in 4 bytes. undefined: the text is none. */
export function ipBytes(text: string): Uint8Array | undefined {
  const bytes = parseIp(text)
  return bytes !== undefined && isV4(bytes) ? bytes.slice(12) : bytes
}

/** The text of 4 or 16 bytes, as Go writes it: one of version 4 dotted, one of version 6 with its longest run of zeros left out. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (isV4(bytes)) return bytes.subarray(12).join('.')
  const words = Array.from({ length: 8 }, (_, i) => ((bytes[i * 2] << 8) | bytes[i * 2 + 1]).toString(16))
  let [from, count] = [0, 0]
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && words[end] === '0') end++
    if (end - i > count) [from, count] = [i, end - i]
  }
  if (count < 2) return words.join(':')
  return `${words.slice(0, from).join(':')}::${words.slice(from + count).join(':')}`
}

function isV4(bytes: Uint8Array): boolean {
  return V4_MAPPED.every((byte, i) => bytes[i] === byte)
}

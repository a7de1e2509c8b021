// A name server with a few records, over UDP.
import { createSocket } from 'node:dgram'

/** Values as they are written in a zone: addresses (of IPv6 whole), `port target` of SRV, the target of the others. */
export type Zone = Readonly<MutableZone>
export type MutableZone = Record<string, Partial<Record<'A' | 'AAAA' | 'SRV' | 'MX' | 'NS' | 'CNAME', readonly string[]>> | undefined>

const TYPES = { A: 1, NS: 2, CNAME: 5, MX: 15, AAAA: 28, SRV: 33 } as const
const SERVER_FAILURE = 2
const NO_SUCH_NAME = 3

export interface DnsServer {
  close(): Promise<void>
}

/** Names that are not in the zone do not exist, and names that `fails` tells are answered with a failure. */
export async function startDnsServer(
  zone: Zone,
  address: { readonly host: string; readonly port: number },
  fails: (name: string) => boolean = (name) => name.startsWith('fail'),
): Promise<DnsServer> {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    const { name, type, end } = question(query)
    const answers: Buffer[] = []
    const records = zone[name]
    const alias = records?.CNAME?.[0]
    if (alias !== undefined) answers.push(record(name, 'CNAME', alias))
    if (type !== undefined) for (const value of zone[alias ?? name]?.[type] ?? []) answers.push(record(alias ?? name, type, value))
    const head = Buffer.alloc(12)
    query.copy(head, 0, 0, 2)
    head.writeUInt16BE(0x8180 | (fails(name) ? SERVER_FAILURE : records === undefined ? NO_SUCH_NAME : 0), 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(answers.length, 6)
    socket.send(Buffer.concat([head, query.subarray(12, end), ...answers]), from.port, from.address)
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(address.port, address.host, resolve)
  })
  return { close: () => new Promise((resolve) => socket.close(() => resolve())) }
}

function question(query: Buffer): { readonly name: string; readonly type: keyof typeof TYPES | undefined; readonly end: number } {
  const parts: string[] = []
  let at = 12
  for (; query[at] > 0; at += query[at] + 1) parts.push(query.toString('latin1', at + 1, at + 1 + query[at]))
  const code = query.readUInt16BE(at + 1)
  const type = (Object.keys(TYPES) as (keyof typeof TYPES)[]).find((name) => TYPES[name] === code)
  return { name: parts.join('.').toLowerCase(), type, end: at + 5 }
}

function record(owner: string, type: keyof typeof TYPES, value: string): Buffer {
  const data = recordData(type, value)
  const head = Buffer.alloc(10)
  head.writeUInt16BE(TYPES[type], 0)
  head.writeUInt16BE(1, 2)
  head.writeUInt32BE(1, 4)
  head.writeUInt16BE(data.length, 8)
  return Buffer.concat([encodeName(owner), head, data])
}

function recordData(type: keyof typeof TYPES, value: string): Buffer {
  if (type === 'A') return Buffer.from(value.split('.').map(Number))
  if (type === 'AAAA') return Buffer.from(value.replaceAll(':', ''), 'hex')
  if (type === 'MX') return Buffer.concat([Buffer.from([0, 10]), encodeName(value)])
  if (type !== 'SRV') return encodeName(value)
  const [port, target] = value.split(' ')
  const fixed = Buffer.alloc(6)
  fixed.writeUInt16BE(Number(port), 4)
  return Buffer.concat([fixed, encodeName(target)])
}

function encodeName(name: string): Buffer {
  return Buffer.concat([...name.split('.').flatMap((part) => [Buffer.from([part.length]), Buffer.from(part)]), Buffer.from([0])])
}

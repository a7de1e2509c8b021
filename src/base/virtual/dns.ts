import type { Dns, DnsRecord, DnsRecordType } from '../env.ts'

/** Names in memory: what was given records exists, the rest does not. A host that was given no address is its own. */
export class VirtualDns implements Dns {
  readonly #records = new Map<string, DnsRecord[]>()
  /** Asked for every name; true leaves the question without an answer. */
  fails: (name: string) => boolean = () => false
  /** Asked for every name; true leaves the question open until it is given up. */
  hangs: (name: string) => boolean = () => false
  /** What was asked for, oldest first, as `TYPE name`. */
  readonly asked: string[] = []

  /** Makes a name exist with these records; without any it exists and has none. */
  set(name: string, ...records: DnsRecord[]): void {
    this.#records.set(name, records)
  }

  remove(name: string): void {
    this.#records.delete(name)
  }

  async lookup(host: string): Promise<readonly string[]> {
    const found = (this.#records.get(host) ?? []).flatMap((record) => ('address' in record ? [record.address] : []))
    return found.length > 0 ? found : [host]
  }

  async resolve(name: string, type: DnsRecordType, signal?: AbortSignal): Promise<readonly DnsRecord[] | undefined> {
    signal?.throwIfAborted()
    this.asked.push(`${type} ${name}`)
    if (this.hangs(name)) return await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    if (this.fails(name)) throw Object.assign(new Error(`query${type} ETIMEOUT ${name}`), { code: 'ETIMEOUT' })
    return this.#records.get(name)?.filter((record) => record.type === type)
  }
}

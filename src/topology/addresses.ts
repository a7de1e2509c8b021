import { type Address, formatAddress, listenFault, parseAddress } from '../base/address.ts'
import type { Http } from '../base/env.ts'
import { CodedError, errorMessage } from '../base/errors.ts'

export interface WantedInstance {
  readonly name: string
  readonly role: string
  /** Where it listens unless asked for something else. */
  readonly port: number
}

/** How far from its default port an instance may move. */
const PORTS_TRIED = 100

/** `NAME=HOST:PORT` of each `--listen`. Throws `bad_data` where the name is none of the fleet's or comes twice. */
export function parseListen(values: readonly string[], names: readonly string[]): Map<string, Address> {
  const asked = new Map<string, Address>()
  for (const value of values) {
    const equals = value.indexOf('=')
    const name = value.slice(0, Math.max(0, equals))
    if (!names.includes(name))
      throw new CodedError('bad_data', `--listen: found "${value}", want NAME=HOST:PORT with a name of: ${names.join(', ')}`)
    if (asked.has(name)) throw new CodedError('bad_data', `--listen: found two addresses for ${name}, want one`)
    asked.set(name, parseAsked(name, value.slice(equals + 1)))
  }
  return asked
}

function parseAsked(name: string, text: string): Address {
  let address: Address
  try {
    address = parseAddress(text)
  } catch (error) {
    throw new CodedError('bad_data', `--listen=${name}: ${errorMessage(error)}`)
  }
  // The others must know where to scrape it before it runs.
  if (address.port === 0) throw new CodedError('bad_data', `--listen=${name}: found port 0, want one from 1 to 65535`)
  return address
}

/**
 * An address for each instance: the one asked for, or the next free port from its default one on 127.0.0.1.
 * An address that was asked for and cannot be had is an error with address, instance, role and flag.
 */
export async function chooseAddresses(
  http: Http,
  wanted: readonly WantedInstance[],
  asked: ReadonlyMap<string, Address>,
): Promise<Map<string, Address>> {
  const chosen = new Map<string, Address>()
  const taken = new Set([...asked.values()].map((address) => address.port))
  for (const { name, role } of wanted) {
    const address = asked.get(name)
    if (address === undefined) continue
    const fault = await tryListening(http, address)
    if (fault === undefined) continue
    const text = formatAddress(address)
    const instance = name === role ? role : `${role} ${name}`
    throw new CodedError('conflict', `listen on ${text} (${instance}, --listen=${name}=${text}): ${fault}`)
  }
  for (const { name, role, port } of wanted) {
    const address = asked.get(name) ?? (await nextFree(http, port, taken))
    if (address === undefined) {
      throw new CodedError(
        'conflict',
        `${role} ${name}: no free port from ${port} to ${port + PORTS_TRIED - 1} on 127.0.0.1; ask for one with --listen=${name}=HOST:PORT`,
      )
    }
    taken.add(address.port)
    chosen.set(name, address)
  }
  return chosen
}

async function nextFree(http: Http, from: number, taken: ReadonlySet<number>): Promise<Address | undefined> {
  for (let port = from; port < from + PORTS_TRIED && port <= 65535; port++) {
    const address = { host: '127.0.0.1', port }
    if (!taken.has(port) && (await tryListening(http, address)) === undefined) return address
  }
  return undefined
}

/** Why this address cannot be listened on; undefined when it can. */
async function tryListening(http: Http, address: Address): Promise<string | undefined> {
  try {
    const listener = await http.listen(address, (_, response) => void response.writeHead(503).end())
    await listener.close(0)
    return undefined
  } catch (error) {
    return listenFault(error) ?? errorMessage(error)
  }
}

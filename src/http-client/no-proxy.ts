import { parseIp, sharePrefix } from '../base/ip-address.ts'

// Which servers are reached without the proxy. Source of the rules: golang.org/x/net/http/httpproxy, config.init and useProxy.

type Matcher = (host: string, port: string, address: Uint8Array | undefined) => boolean

/** Whether a server is asked through the proxy, where `noProxy` is a list such as `10.0.0.0/8,.example.com:8080,*`. `host` is without brackets. */
export function usesProxy(noProxy: string, host: string, port: number): boolean {
  const name = host.toLowerCase()
  const address = parseIp(name)
  if (name === 'localhost' || (address !== undefined && isLoopback(address))) return false
  return !noProxy.split(',').some((part) => matcher(part.trim().toLowerCase())?.(name, String(port), address))
}

function isLoopback(address: Uint8Array): boolean {
  return sharePrefix(address, LOOPBACK_V4, 96 + 8) || sharePrefix(address, LOOPBACK_V6, 128)
}

const LOOPBACK_V4 = parseIp('127.0.0.0')!
const LOOPBACK_V6 = parseIp('::1')!

/** Undefined: the entry says nothing. */
function matcher(part: string): Matcher | undefined {
  if (part === '') return undefined
  if (part === '*') return () => true
  const [, prefix, bits] = /^(.*)\/(\d{1,3})$/.exec(part) ?? []
  const network = prefix === undefined ? undefined : parseIp(prefix)
  if (network !== undefined) {
    const offset = prefix.includes(':') ? 0 : 96
    if (Number(bits) + offset <= 128)
      return (_, __, address) => address !== undefined && sharePrefix(address, network, Number(bits) + offset)
  }
  const [, bracketed, plain, port = ''] = /^(?:\[(.*)\]|([^:]*)):([^:]*)$/.exec(part) ?? [undefined, undefined, part]
  const host = bracketed ?? plain
  if (host === '') return undefined
  const samePort = (asked: string) => port === '' || port === asked
  const own = parseIp(host)
  if (own !== undefined) return (_, asked, address) => address !== undefined && sharePrefix(address, own, 128) && samePort(asked)
  const domain = host.startsWith('*.') ? host.slice(1) : host
  return (name, asked, address) => {
    if (address !== undefined || !samePort(asked)) return false
    return domain.startsWith('.') ? name.endsWith(domain) : name === domain || name.endsWith(`.${domain}`)
  }
}

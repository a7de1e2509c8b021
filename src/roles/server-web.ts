import { type Address, parseAddress } from '../base/address.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { parseExternalUrl, routePrefixOf } from '../config/external-url.ts'
import type { ServerFlagValues } from '../config/server-flags.ts'
import { compileRegex } from '../model/regex.ts'
import { parseWriteMessages, type WriteMessage } from '../remote/content-type.ts'

export interface WebOptions {
  readonly addresses: readonly Address[]
  readonly corsOrigin: { test(origin: string): boolean }
  readonly routePrefix: string
  readonly writeMessages: readonly WriteMessage[]
  externalUrl(hostname: string): string
}

/** What the web flags mean together. Throws `bad_data`. */
export function webOptions(values: ServerFlagValues): WebOptions {
  const addresses = values['web.listen-address'].map(parseAddress)
  const external = parseExternalUrl(values['web.external-url'], addresses[0].port)
  return {
    addresses,
    corsOrigin: corsPattern(values['web.cors.origin']),
    routePrefix: routePrefixOf(values['web.route-prefix'], external),
    writeMessages: parseWriteMessages(values['web.remote-write-receiver.accepted-protobuf-messages']),
    externalUrl: external.of,
  }
}

function corsPattern(text: string): { test(origin: string): boolean } {
  try {
    return compileRegex(text)
  } catch (cause) {
    throw new CodedError('bad_data', `--web.cors.origin: ${errorMessage(cause)}`, { cause })
  }
}

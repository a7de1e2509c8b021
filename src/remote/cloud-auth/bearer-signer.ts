import type { Env } from '../../base/env.ts'
import type { ProxyConfig } from '../../http-client/client-config.ts'
import type { AzureAdConfig } from './azure-config.ts'
import { azureToken } from './azure-token.ts'
import { type GoogleIamConfig, googleToken } from './google-token.ts'
import { HeldToken } from './held-token.ts'

// Loaded only where a destination asks for it.

/** Headers of a request that say who sends it. Rejects where there is no token. */
export type BearerSigner = () => Promise<Readonly<Record<string, string>>>

export function azureSigner(env: Env, config: AzureAdConfig, proxy: ProxyConfig | undefined): BearerSigner {
  const held = new HeldToken(env.clock, () => azureToken(env, config, proxy))
  return async () => ({ authorization: `Bearer ${await held.read()}` })
}

export function googleSigner(env: Env, config: GoogleIamConfig, proxy: ProxyConfig | undefined): BearerSigner {
  let quotaProject: string | undefined
  const held = new HeldToken(env.clock, async () => {
    const token = await googleToken(env, config, proxy)
    quotaProject = token.quotaProject
    return token
  })
  return async () => {
    const authorization = `Bearer ${await held.read()}`
    return { authorization, ...(quotaProject === undefined ? {} : { 'x-goog-user-project': quotaProject }) }
  }
}

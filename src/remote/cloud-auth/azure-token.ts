import { createHash, createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto'
import type { Env } from '../../base/env.ts'
import type { ProxyConfig } from '../../http-client/client-config.ts'
import type { AzureAdConfig, AzureCertificate } from './azure-config.ts'
import { type AccessToken, requestToken } from './held-token.ts'

// Source: Microsoft identity platform, "OAuth 2.0 client credentials flow", "Certificate credentials for application authentication",
// "How to use managed identities on an Azure VM to acquire an access token".

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const ASSERTION_MS = 10 * 60_000

/** Asks for a token as a section says. Files are read each time: they are replaced while we run. */
export async function azureToken(env: Env, config: AzureAdConfig, proxy: ProxyConfig | undefined): Promise<AccessToken> {
  const { authority, scope, credential } = config
  if (credential.kind === 'managed') {
    const { url, headers, apiVersion } = credential.endpoint
    const query = new URLSearchParams({ 'api-version': apiVersion, resource: scope.replace(/\/\.default$/, '') })
    if (credential.clientId !== '') query.set('client_id', credential.clientId)
    // The machine's own service: no proxy has it.
    return requestToken(env, { url: `${url}?${query}`, method: 'GET', headers }, undefined)
  }
  const url = `${authority}/${credential.tenantId}/oauth2/v2.0/token`
  const form = { grant_type: 'client_credentials', client_id: credential.clientId, scope }
  switch (credential.kind) {
    case 'secret':
      return requestToken(env, { url, method: 'POST', form: { ...form, client_secret: credential.clientSecret } }, proxy)
    case 'federated': {
      const assertion = (await env.fs.readText(credential.tokenFile)).trim()
      return requestToken(env, { url, method: 'POST', form: asserted(form, assertion) }, proxy)
    }
    case 'certificate': {
      const [certificates, key] = [await env.fs.readText(credential.certificateFile), await env.fs.readText(credential.keyFile)]
      const assertion = certificateAssertion(credential, url, { certificates, key, now: env.clock.now(), id: env.random.bytes(16) })
      return requestToken(env, { url, method: 'POST', form: asserted(form, assertion) }, proxy)
    }
  }
}

function asserted(form: Readonly<Record<string, string>>, assertion: string): Record<string, string> {
  return { ...form, client_assertion_type: ASSERTION_TYPE, client_assertion: assertion }
}

interface Material {
  readonly certificates: string
  readonly key: string
  readonly now: number
  readonly id: Uint8Array
}

/** A statement of who asks, signed with the key of the certificate that the application is known by. */
function certificateAssertion(config: AzureCertificate, audience: string, { certificates, key, now, id }: Material): string {
  const chain = (certificates.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []).map(
    (text) => new X509Certificate(text),
  )
  if (chain.length === 0) throw new Error(`${config.certificateFile}: found no certificate, want PEM`)
  const header = {
    alg: 'RS256',
    typ: 'JWT',
    x5t: createHash('sha1').update(chain[0].raw).digest('base64url'),
    ...(config.sendsChain ? { x5c: chain.map(({ raw }) => raw.toString('base64')) } : {}),
  }
  const seconds = Math.floor(now / 1000)
  const claims = {
    aud: audience,
    exp: seconds + ASSERTION_MS / 1000,
    iss: config.clientId,
    jti: Buffer.from(id).toString('hex'),
    nbf: seconds,
    sub: config.clientId,
  }
  const signed = `${encode(header)}.${encode(claims)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey(config, key)).toString('base64url')}`
}

function privateKey({ keyFile, password }: AzureCertificate, key: string): KeyObject {
  try {
    return createPrivateKey({ key, ...(password === '' ? {} : { passphrase: password }) })
  } catch {
    // What the parser says may quote the key.
    throw new Error(`${keyFile}: found no private key that can be read, want PEM`)
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

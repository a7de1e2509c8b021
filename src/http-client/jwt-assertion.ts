import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import type { JwtBearerConfig } from './client-config.ts'

const EXPIRES_MS = 10 * 60_000
const HASHES = { RS256: 'sha256', RS384: 'sha384', RS512: 'sha512' } as const

/**
 * A signed statement of who asks for a token. `now` is Unix ms, `id` unique. Throws when the key is none; the message does not quote it.
 * Source: RFC 7523, section 3; prometheus/common config/oauth_assertion.go.
 */
export function jwtAssertion(config: JwtBearerConfig, keyText: string, now: number, id: string): string {
  const { keyId, algorithm, issuer, clientId, audience, scopes, claims } = config
  const head = { alg: algorithm, ...(keyId ? { kid: keyId } : {}), typ: 'JWT' }
  const body = {
    aud: audience,
    exp: Math.floor((now + EXPIRES_MS) / 1000),
    iat: Math.floor(now / 1000),
    iss: issuer,
    jti: id,
    ...(scopes.length > 0 ? { scope: scopes.join(' ') } : {}),
    sub: clientId,
    ...claims,
  }
  const signed = `${encode(JSON.stringify(head))}.${encode(JSON.stringify(body))}`
  return `${signed}.${sign(HASHES[algorithm], Buffer.from(signed), rsaKey(keyText)).toString('base64url')}`
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}

function rsaKey(text: string): KeyObject {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw new Error('invalid key: Key must be a PEM encoded PKCS1 or PKCS8 key')
  let key: KeyObject
  try {
    key = createPrivateKey(text)
  } catch {
    throw new Error('invalid key: Key must be a PEM encoded PKCS1 or PKCS8 key')
  }
  if (key.asymmetricKeyType !== 'rsa') throw new Error('key is not a valid RSA private key')
  return key
}
